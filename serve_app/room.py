"""How many jobs an ingress replica has in hand: who comes beyond that is told when to come again."""

from collections.abc import Collection

from starlette.types import ASGIApp, Receive, Scope, Send

from cutout.errors import ServiceUnavailable
from serve_app.access import is_costly
from serve_app.dialects import refusal
from serve_app.queues import Queue


class Room:
    """Refuses a job, by 503 with Retry-After, where `most` are in hand already; `costly` are jobs, see access.py.

    Nothing is asked and nothing of the body is read before: in a crowd a refusal must cost next to nothing. Serve's own
    `max_ongoing_requests` would let everything wait, /health and what becomes of a job as well.
    """

    def __init__(self, app: ASGIApp, most: int, costly: Collection[str]) -> None:
        self._app = app
        self._most = most
        self._costly = costly
        self._jobs = Queue()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http" or not is_costly(scope, self._costly):
            await self._app(scope, receive, send)
        elif self._jobs.calls < self._most:
            with self._jobs.calling():
                await self._app(scope, receive, send)
        else:
            message = f"{self._most} jobs are in hand here, and no more are taken until one has ended"
            full = ServiceUnavailable(message, {"retry_after_s": self._jobs.wait_s()})
            await refusal(full, scope)(scope, receive, send)
