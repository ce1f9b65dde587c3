"""How many jobs an ingress replica has in hand: who comes beyond that is told when to come again."""

from collections.abc import Awaitable, Callable
from contextlib import ExitStack

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutout.errors import ServiceUnavailable
from serve_app.dialects import refusal
from serve_app.fanout.queues import Queue
from serve_app.telemetry.requests import RequestMetrics

ENDING_S = 5
"""After which seconds another replica, or the service's next start, is likely to be there."""


class ConcurrencyLimit:
    """Has at most `most` jobs in hand, and none that comes while the service ends; 503 with Retry-After otherwise.

    A job takes room when its body is there, and leaves it when its answer is made: a slow caller has none. `refusal` is
    asked before anything else, of the body as of the limiter: in a crowd a refusal must cost next to nothing. Serve's
    own `max_ongoing_requests` would let everything wait, /health and what becomes of a job as well.
    """

    def __init__(self, most: int, request_metrics: RequestMetrics) -> None:
        self._most = most
        self._request_metrics = request_metrics
        self._jobs = Queue()

    def refusal(self) -> ServiceUnavailable | None:
        """Why a job that comes now is not taken."""
        if self._request_metrics.draining:
            return ServiceUnavailable("The service is ending, and takes no more jobs", {"retry_after_s": ENDING_S})
        return self._full()

    def _full(self) -> ServiceUnavailable | None:
        if self._jobs.calls >= self._most:
            message = f"{self._most} jobs are in hand here, and no more are taken until one has ended"
            return ServiceUnavailable(message, {"retry_after_s": self._jobs.wait_s()})
        return None

    async def run(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
        """The app's answer to a job, where there is room; one that came before the service began to end is answered."""
        if full := self._full():
            await refusal(full, scope)(scope, receive, send)
            return
        with ExitStack() as taken:
            taken.enter_context(self._jobs.calling())

            async def leave() -> None:
                taken.close()

            await app(scope, receive, when_made(send, leave))


def when_made(send: Send, then: Callable[[], Awaitable[None]]) -> Send:
    """Calls `then` when an answer is whole: before its head, where that says its length, or before its last byte."""

    async def sent(message: Message) -> None:
        whole = any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
        last = message["type"] == "http.response.body" and not message.get("more_body", False)
        if whole or last:
            await then()
        await send(message)

    return sent
