"""A limiter in the test's own process, and a small service behind the limits whose jobs end when the test says so."""

import asyncio
from collections.abc import AsyncIterator

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse
from starlette.types import ASGIApp

from cutout.accounts.keys import KeyRing
from cutout.accounts.limiter import Limiter
from cutout.accounts.rate_limit import Admission, RateLimitDecision
from cutout.accounts.spec import AccessSpec, LimitTier
from cutout.picks.job_record import JobRecord
from serve_app import contract
from serve_app.endpoints.endpoint import Endpoint, bound, route
from serve_app.middleware.access import Access
from serve_app.middleware.admission import ConcurrencyLimit
from serve_app.middleware.lookup import Lookup
from serve_app.telemetry.requests import RequestMetrics
from tests.support.ledgers import UnusedLedger

BUDGET = ("X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
MOST_BYTES = 1024 * 1024


def error(response: httpx.Response, status: int, kind: str) -> contract.ErrorDetail:
    """The error of an answer, checked against the contract."""
    assert response.status_code == status, response.text
    found = contract.ErrorBody.model_validate(response.json()).error
    assert found.type == kind
    return found


class Clock:
    """Seconds, moved by the test."""

    s = 5_000.0

    def __call__(self) -> float:
        return self.s


class NearLimiter(UnusedLedger):
    """The limiter as the ingress sees it, without a process in between. `ended` counts the slots given back."""

    def __init__(self, clock: Clock) -> None:
        self.limiter = Limiter(330, clock)
        self.ended = asyncio.Semaphore(0)
        self.may_begin = asyncio.Event()
        self.may_begin.set()

    async def reach(self) -> None:
        """What stands between the ingress and the limiter: nothing."""

    async def admit(self, who: str, tier: LimitTier, cost: int) -> RateLimitDecision:
        await self.reach()
        return self.limiter.admit(who, tier, cost)

    async def begin(self, who: str, tier: LimitTier, slot_id: str, cost: int) -> Admission:
        """Takes the slot at once; the answer may come later."""
        await self.reach()
        decision = self.limiter.begin(who, tier, slot_id, cost)
        await self.may_begin.wait()
        return decision

    async def end(self, slot_id: str, job: JobRecord | None = None) -> None:
        await self.reach()
        self.limiter.free_slot(slot_id)
        self.ended.release()

    async def slots_left(self, who: str = "anonymous") -> int:
        """How many more jobs may begin."""
        tier, taken = LimitTier(), 0
        while self.limiter.take_slot(who, tier, f"probe {taken}").allowed:
            taken += 1
        for number in range(taken):
            self.limiter.free_slot(f"probe {number}")
        return taken


class Jobs:
    """Endpoints whose work lasts until `go`; `working` counts those that have begun."""

    def __init__(self) -> None:
        self.working = asyncio.Semaphore(0)
        self.go = asyncio.Event()
        self.running = 0
        self.most = 0

    async def remove(self, _: Request) -> Response:
        """A job that ends well."""
        await self._work()
        return PlainTextResponse("done")

    async def fall(self, _: Request) -> Response:
        """A job that ends in an exception that nobody expects."""
        await self._work()
        raise RuntimeError("out of ink")

    async def stream(self, _: Request) -> Response:
        """A job whose answer begins before its work is done, until the caller hangs up."""

        async def parts() -> AsyncIterator[bytes]:
            self.working.release()
            while True:
                yield b"part"
                await asyncio.sleep(0.01)

        return StreamingResponse(parts())

    async def models(self, request: Request) -> Response:
        """Something that costs nothing, and says who asks."""
        key = request.state.key
        return PlainTextResponse(key.name if key else "nobody")

    async def _work(self) -> None:
        self.running += 1
        self.most = max(self.most, self.running)
        self.working.release()
        try:
            await self.go.wait()
        finally:
            self.running -= 1

    def service(
        self,
        limiter: NearLimiter,
        keys: KeyRing | None = None,
        access: AccessSpec | None = None,
        *,
        concurrency: int = 64,
        request_metrics: RequestMetrics | None = None,
        app: ASGIApp | None = None,
    ) -> ASGIApp:
        """One replica of the service, or of another `app` behind the same limits."""
        endpoints = bound(ENDPOINTS, [self])
        small = Starlette(routes=[route(endpoint, handler) for endpoint, handler in endpoints.items()])
        guarded = Access(
            app or small,
            keys,
            access or AccessSpec(),
            limiter,
            concurrency=ConcurrencyLimit(concurrency, request_metrics or RequestMetrics()),
            max_bytes=MOST_BYTES,
        )
        return Lookup(guarded, ENDPOINTS)


OPEN = ("/health", "/docs", "/docs/assets/page.css", "/openapi.json", "/", "/leaderboard", "/static/page.js")
ENDPOINTS = (
    Endpoint("POST", "/remove-background", Jobs.remove, takes_slot=True),
    Endpoint("POST", "/fall", Jobs.fall, takes_slot=True),
    Endpoint("POST", "/stream", Jobs.stream, takes_slot=True),
    Endpoint("GET", "/models", Jobs.models),
    *(Endpoint("GET", path, Jobs.models, is_open=True) for path in OPEN),
)
