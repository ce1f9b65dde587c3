"""How many jobs an ingress replica has in hand: who comes beyond that is told when to come again."""

from starlette.types import ASGIApp, Receive, Scope, Send

from cutout.errors import ServiceUnavailable
from serve_app.dialects import refusal
from serve_app.queues import Queue


class Room:
    """Refuses a job, by 503 with Retry-After, before anything of its body is read, where `most` are in hand already.

    Serve's own `max_ongoing_requests` would let it wait, and with it all that costs nothing: /health, or what becomes
    of a job. A job is what has a place in `scope["state"]`; see access.py.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self._app = app
        self._most = most
        self._jobs = Queue()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if "place" not in scope.get("state", {}):
            await self._app(scope, receive, send)
        elif self._jobs.calls < self._most:
            with self._jobs.calling():
                await self._app(scope, receive, send)
        else:
            message = f"{self._most} jobs are in hand here, and no more are taken until one has ended"
            full = ServiceUnavailable(message, {"retry_after_s": self._jobs.wait_s()})
            await refusal(full, scope)(scope, receive, send)
