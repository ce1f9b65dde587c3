"""How many jobs an ingress replica runs at once; a job beyond that is refused, and told when to retry."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutout.errors import ServiceUnavailable
from serve_app.fanout.queues import Queue
from serve_app.responses.dialect import dialect_response
from serve_app.telemetry.requests import RequestMetrics

RESTART_S = 5
"""After that many seconds another replica, or this service started again, is likely to answer."""


class ConcurrencyLimit:
    """Runs at most `max_jobs` at once, and takes none while the service shuts down; others get 503 with Retry-After.

    A job counts from the moment its body has been read until its response is complete, so a slow caller does not count.
    `check` comes before everything else, the body and the rate limiter included: under overload a refusal must cost
    next to nothing. Serve's own `max_ongoing_requests` would make every request wait, GET /health and the state of jobs
    included.
    """

    def __init__(self, max_jobs: int, request_metrics: RequestMetrics) -> None:
        self._max_jobs = max_jobs
        self._request_metrics = request_metrics
        self._jobs = Queue()

    def check(self) -> None:
        """Refuse a job that arrives now, if it cannot be taken.

        Raises:
            ServiceUnavailable: the service shuts down, or runs as many jobs as it may.
        """
        if self._request_metrics.draining:
            raise ServiceUnavailable(
                "The service is shutting down and takes no new jobs; retry later", {"retry_after_s": RESTART_S}
            )
        self._check_room()

    def _check_room(self) -> None:
        if self._jobs.calls >= self._max_jobs:
            message = f"Server busy: {self._max_jobs} concurrent jobs; retry later"
            raise ServiceUnavailable(message, {"retry_after_s": self._jobs.wait_s()})

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """The app's response to a job, if one more may run, even if the shutdown has begun since the job arrived."""
        try:
            self._check_room()
        except ServiceUnavailable as busy:
            await dialect_response(busy, scope)(scope, receive, send)
            return
        with ExitStack() as counted:
            counted.enter_context(self._jobs.calling())

            async def leave() -> None:
                counted.close()

            await app(scope, receive, when_complete(send, leave))


def when_complete(send: Send, then: Callable[[], Awaitable[None]]) -> Send:
    """Calls `then` once a response is complete: before its head, if that has its length, or before its last byte."""

    async def sent(message: Message) -> None:
        whole = any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if whole or last:
            await then()
        await send(message)

    return sent
