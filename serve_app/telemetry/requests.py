"""Every HTTP request: counted, timed and logged by endpoint, and waited for when the service ends."""

import asyncio
import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutout.telemetry.metrics import REFUSALS, REQUEST_SECONDS, REQUESTS, Instruments

OTHER = "other"
"""The endpoint of a path that is none, or that nobody looked up, since it was refused before."""
HUNG_UP = 499
"""nginx's status for a caller who did not wait for the answer."""
logger = logging.getLogger(__name__)


class RequestMetrics:
    """The requests that an ingress replica has in hand. Draining, it waits for them, and GET /health/ready says so."""

    def __init__(self) -> None:
        self.draining = False
        self._in_hand = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def begin(self) -> None:
        """One more."""
        self._in_hand += 1
        self._idle.clear()

    def end(self) -> None:
        """One less."""
        self._in_hand -= 1
        if not self._in_hand:
            self._idle.set()

    async def drain(self) -> None:
        """From now on this replica is not ready; returns once it has nothing in hand."""
        self.draining = True
        await self._idle.wait()


class Metered:
    """Counts and times each request; `paths` are those that are endpoints as they are, without parameters."""

    def __init__(
        self, app: ASGIApp, instruments: Instruments, request_metrics: RequestMetrics, paths: frozenset[str]
    ) -> None:
        self._app = app
        self._instruments = instruments
        self._request_metrics = request_metrics
        self._paths = paths

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), HUNG_UP

        async def send_and_see(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        self._request_metrics.begin()
        try:
            await self._app(scope, receive, send_and_see)
        finally:
            self._request_metrics.end()
            self._record(scope, status, time.perf_counter() - started)

    def _record(self, scope: Scope, status: int, seconds: float) -> None:
        endpoint, method = self._endpoint(scope), scope["method"]
        self._instruments.record(REQUESTS, endpoint=endpoint, method=method, status=str(status))
        self._instruments.record(REQUEST_SECONDS, seconds, endpoint=endpoint)
        if kind := scope.get("state", {}).get("error_type"):
            self._instruments.record(REFUSALS, kind=kind)
        logger.info("%s %s %d in %.1f ms", method, endpoint, status, seconds * 1000)

    def _endpoint(self, scope: Scope) -> str:
        """A path as its route is written, so that there are few: `/jobs/{job_id}`, not each job's."""
        if route := scope.get("route"):
            return str(getattr(route, "path", OTHER))
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return path if path in self._paths else OTHER
