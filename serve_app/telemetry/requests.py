"""Counts, times and logs HTTP requests by endpoint, and waits for them when the service drains."""

import asyncio
import logging
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutout.telemetry.metrics import REFUSALS, REQUEST_SECONDS, REQUESTS, Instruments

OTHER = "other"
"""The endpoint label of paths that no endpoint has."""
CLIENT_CLOSED = 499
"""nginx's status for a caller who closed the connection before the answer."""
logger = logging.getLogger(__name__)


class RequestMetrics:
    """The number of requests in progress in an ingress replica, and whether it drains; GET /health/ready reports it."""

    def __init__(self) -> None:
        self.draining = False
        self._in_progress = 0
        self._idle = asyncio.Event()
        self._idle.set()

    def begin(self) -> None:
        """A request has begun."""
        self._in_progress += 1
        self._idle.clear()

    def end(self) -> None:
        """A request has ended."""
        self._in_progress -= 1
        if not self._in_progress:
            self._idle.set()

    async def drain(self) -> None:
        """Become not ready, and return when no request is in progress."""
        self.draining = True
        await self._idle.wait()


class Metered:
    """ASGI middleware that counts, times and logs each request, by the endpoint that middleware/lookup.py found."""

    def __init__(self, app: ASGIApp, instruments: Instruments, request_metrics: RequestMetrics) -> None:
        self._app = app
        self._instruments = instruments
        self._request_metrics = request_metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), CLIENT_CLOSED

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
        state, method = scope.get("state", {}), scope["method"]
        # A path as the table has it, `/jobs/{job_id}`, so that there are few labels.
        endpoint = state["endpoint"].path if state.get("endpoint") else OTHER
        self._instruments.record(REQUESTS, endpoint=endpoint, method=method, status=str(status))
        self._instruments.record(REQUEST_SECONDS, seconds, endpoint=endpoint)
        if kind := state.get("error_type"):
            self._instruments.record(REFUSALS, kind=kind)
        logger.info("%s %s %d in %.1f ms", method, endpoint, status, seconds * 1000)
