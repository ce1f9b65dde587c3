"""What a fake provider is told to do, and what it saw."""

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

GOOD = "good"
LOOK_S = 0.02


@dataclass(frozen=True)
class Call:
    """One call that came in."""

    stage: str
    behaviour: str
    at_s: float
    """On the monotonic clock."""
    user_agent: str
    has_key: bool
    """Whether an Authorization or X-Api-Key header came with it."""
    port: int
    """The caller's port: calls over one connection share it."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What the fake thinks worth asserting: fields, sizes, formats."""


class Script:
    """How a fake behaves at each stage of its flow: once, always, or well."""

    def __init__(self, latency_s: float = 0.0) -> None:
        self.latency_s = latency_s
        """Seconds a picture takes; what is at work follows when it is changed."""
        self.calls: list[Call] = []
        self._once: dict[str, deque[str]] = defaultdict(deque)
        self._always: dict[str, str] = {}

    def once(self, stage: str, *behaviours: str) -> None:
        """The next calls of a stage behave so, one after the other."""
        self._once[stage].extend(behaviours)

    def always(self, stage: str, behaviour: str) -> None:
        """Every call of a stage behaves so, until it is told otherwise."""
        self._always[stage] = behaviour

    def turn(self, stage: str, request: Request, wish: str = GOOD, **facts: Any) -> str:
        """The behaviour of a call, which is recorded; `wish` is what the request asks for by its model's name."""
        waiting = self._once[stage]
        behaviour = waiting.popleft() if waiting else self._always.get(stage, wish)
        has_key = "authorization" in request.headers or "x-api-key" in request.headers
        agent = request.headers.get("user-agent", "")
        port = request.client.port if request.client else 0
        self.calls.append(Call(stage, behaviour, time.monotonic(), agent, has_key, port, facts))
        return behaviour

    async def takes(self, begun_s: float) -> None:
        """Return once a picture that was begun then, on the monotonic clock, has taken its time."""
        while (left_s := begun_s + self.latency_s - time.monotonic()) > 0:
            await asyncio.sleep(min(left_s, LOOK_S))

    def seen(self, stage: str) -> list[Call]:
        """Calls of a stage, in order."""
        return [call for call in self.calls if call.stage == stage]

    def routes(self) -> list[Route]:
        """By HTTP: POST /_script {"always": {stage: …}, "once": {stage: […]}, "latency_s": …}, and GET /_calls."""
        return [Route("/_script", self._write, methods=["POST"]), Route("/_calls", self._read)]

    async def _write(self, request: Request) -> Response:
        told: Mapping[str, Any] = await request.json()
        self.latency_s = float(told.get("latency_s", self.latency_s))
        self._always |= told.get("always", {})
        for stage, behaviours in told.get("once", {}).items():
            self.once(stage, *behaviours)
        return JSONResponse({"latency_s": self.latency_s, "always": self._always})

    async def _read(self, _request: Request) -> Response:
        return JSONResponse([asdict(call) for call in self.calls])


class BrokenOff(Response):
    """Promises its whole body, sends half of it, and hangs up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the half."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2]})


async def hang() -> Response:
    """No answer, for longer than anybody waits."""
    await asyncio.sleep(3600)
    return Response()


def html(status: int = 200) -> Response:
    """What a proxy puts in the place of an answer."""
    return Response("<html><body>Something else altogether</body></html>", status, media_type="text/html")
