"""Limits in front of the service: several replicas over real HTTP, one real limiter."""

import asyncio
import itertools
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial

import httpx
import pytest
from starlette.testclient import TestClient
from starlette.types import Message

from cutout.accounts.limiter import Limiter
from cutout.accounts.rate_limit import Admission, RateLimitDecision
from cutout.accounts.spec import AccessSpec, LimitTier
from cutout.errors import ServiceUnavailable
from cutout.picks.job_record import JobRecord
from cutout.telemetry.job_context import current_job
from serve_app.app import create_app
from serve_app.middleware import rate_limit
from serve_app.middleware.transfers import Transfers
from tests.support.durable_jobs import picture
from tests.support.http_server import asking, served
from tests.support.in_process import Memory, model, registry, shotgun
from tests.support.limited_service import BUDGET, Clock, Jobs, NearLimiter, error
from tests.support.patience import HANG_S

pytestmark = pytest.mark.anyio
SCOPE = {"type": "http", "method": "POST", "path": "/remove-background", "headers": [], "query_string": b""}


async def received() -> Message:
    """A request without a body."""
    return {"type": "http.request", "body": b"", "more_body": False}


class World:
    """Replicas of one service that share one limiter, and a client that goes round them."""

    def __init__(self, jobs: Jobs, limiter: NearLimiter, clients: list[httpx.AsyncClient]) -> None:
        self.jobs, self.limiter = jobs, limiter
        self._clients = itertools.cycle(clients)

    async def get(self, path: str) -> httpx.Response:
        return await next(self._clients).get(path)

    async def post(self, path: str) -> httpx.Response:
        return await next(self._clients).post(path)

    def url(self) -> str:
        return str(next(self._clients).base_url)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The time of the ledger's limiter, and of a replica's own."""
    clock = Clock()
    monkeypatch.setattr(rate_limit, "Limiter", partial(Limiter, now=clock))
    return clock


@pytest.fixture
async def world(clock: Clock) -> AsyncIterator[World]:
    """Three replicas with the default limits."""
    jobs, limiter = Jobs(), NearLimiter(clock)
    async with AsyncExitStack() as stack:
        clients = []
        for _ in range(3):
            url = await stack.enter_async_context(served(jobs.service(limiter)))
            clients.append(await stack.enter_async_context(asking(url)))
        yield World(jobs, limiter, clients)
        jobs.go.set()


async def test_sixty_of_six_hundred(world: World, clock: Clock) -> None:
    """Of 600 requests by 4 clients to 3 replicas exactly 60 are let in, and exactly 60 more a minute later."""

    async def caller() -> list[int]:
        return [(await world.get("/models")).status_code for _ in range(150)]

    answers = [*itertools.chain(*await asyncio.gather(*(caller() for _ in range(4))))]
    clock.s += 60.001
    later = await asyncio.gather(*(world.get("/models") for _ in range(80)))

    assert (answers.count(200), answers.count(429)) == (60, 540)
    assert [answer.status_code for answer in later].count(200) == 60


async def test_four_jobs_at_a_time(world: World) -> None:
    """Of 12 jobs sent at once to 3 replicas exactly 4 are at work; the rest are told to come back; then 4 more fit."""
    sent = [asyncio.create_task(world.post("/remove-background")) for _ in range(12)]
    refused = [await first for first in itertools.islice(asyncio.as_completed(sent, timeout=HANG_S), 8)]
    for _ in range(4):
        await asyncio.wait_for(world.jobs.working.acquire(), HANG_S)
    assert world.jobs.running == 4

    world.jobs.go.set()
    answers = await asyncio.gather(*sent)

    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429] * 8
    for answer in refused:
        found = error(answer, 429, "rate_limited")
        assert found.details.limit == 4
        assert int(answer.headers["Retry-After"]) == found.details.retry_after_s
        assert int(answer.headers["Retry-After"]) >= 1
    again = await asyncio.gather(*(world.post("/remove-background") for _ in range(4)))
    assert [answer.status_code for answer in again] == [200] * 4
    assert world.jobs.most == 4


async def test_who_has_his_answer_may_send_the_next_job(clock: Clock) -> None:
    """The slot is free before the first byte of a whole answer is sent: the next job finds it, whatever is faster."""
    limiter, jobs = NearLimiter(clock), Jobs()
    jobs.go.set()
    left = {}

    async def send(message: Message) -> None:
        left[message["type"]] = await limiter.slots_left()

    await jobs.service(limiter)(SCOPE, received, send)

    assert left == {"http.response.start": 4, "http.response.body": 4}


async def test_a_slot_is_given_back_after_an_exception(world: World) -> None:
    """A job that falls gives its slot back, and its answer still says what is left."""
    world.jobs.go.set()

    answers = [await world.post("/fall") for _ in range(5)]

    assert [answer.status_code for answer in answers] == [500] * 5
    assert all(name in answer.headers for answer in answers for name in BUDGET)
    assert await world.limiter.slots_left() == 4


async def test_a_slot_is_given_back_when_the_caller_hangs_up(world: World) -> None:
    """A caller who leaves in the middle of his answer leaves no slot taken."""
    url = world.url()
    async with (
        asking(url) as client,
        client.stream("POST", "/stream"),
    ):
        await asyncio.wait_for(world.jobs.working.acquire(), HANG_S)
        assert await world.limiter.slots_left() == 3

    await asyncio.wait_for(world.limiter.ended.acquire(), HANG_S)
    assert await world.limiter.slots_left() == 4


@pytest.mark.parametrize("when", ["while it waits for a slot", "while it works"])
async def test_a_slot_is_given_back_when_the_request_is_cancelled(clock: Clock, when: str) -> None:
    """Ray Serve cancels the request of a caller who hangs up; at whatever moment, no slot stays taken."""
    limiter, jobs = NearLimiter(clock), Jobs()

    async def send(message: Message) -> None:
        raise AssertionError(f"nothing was to be sent: {message}")

    if when == "while it waits for a slot":
        limiter.may_begin.clear()
    request = asyncio.ensure_future(jobs.service(limiter)(SCOPE, received, send))
    while await limiter.slots_left() == 4:
        await asyncio.sleep(0)
    if when == "while it works":
        await asyncio.wait_for(jobs.working.acquire(), HANG_S)
    request.cancel()

    with pytest.raises(asyncio.CancelledError):
        await request
    assert await limiter.slots_left() == 4


async def test_headers_on_every_answer(clock: Clock) -> None:
    """Every answer of the real service says what is left, the bad ones too; looking at its health costs nothing."""
    limiter = NearLimiter(clock)
    tiers = AccessSpec(tiers={"default": LimitTier(requests_per_minute=4)})
    client = TestClient(create_app(shotgun(registry(model("first"), access=tiers)), limiter))
    requests = [("GET", "/models"), ("GET", "/health"), ("POST", "/remove-background"), ("GET", "/nowhere")]
    requests += [("DELETE", "/models"), ("GET", "/models"), ("GET", "/health")]

    answers = [client.request(method, path) for method, path in requests]

    assert [answer.status_code for answer in answers] == [200, 200, 400, 404, 405, 429, 200]
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["3", "3", "2", "1", "0", "0", "0"]
    assert {answer.headers["X-RateLimit-Limit"] for answer in answers} == {"4"}
    assert all(answer.headers["X-RateLimit-Reset"].isdecimal() for answer in answers)
    found = error(answers[5], 429, "rate_limited")
    assert (found.details.limit, found.details.retry_after_s) == (4, 61)
    assert answers[5].headers["Retry-After"] == "61"


async def test_a_line_break_in_the_path_saves_nothing(world: World) -> None:
    """/remove-background%0A, which Starlette routes like the path without it, needs a slot as well."""
    sent = [asyncio.create_task(world.post("/remove-background%0A")) for _ in range(5)]
    done, _ = await asyncio.wait(sent, timeout=HANG_S, return_when=asyncio.FIRST_COMPLETED)

    world.jobs.go.set()
    answers = await asyncio.gather(*sent)

    assert [task.result().status_code for task in done] == [429]
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429]


class AwayLimiter(NearLimiter):
    """A limiter that refuses to answer, or never does."""

    def __init__(self, clock: Clock, how: str) -> None:
        super().__init__(clock)
        self._how = how
        self.here = False

    async def reach(self) -> None:
        if self.here:
            return
        if self._how == "raises":
            raise ServiceUnavailable("Ledger is not running")
        await asyncio.get_running_loop().create_future()


@pytest.fixture(params=["raises", "hangs"])
def away(request: pytest.FixtureRequest, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> AwayLimiter:
    """A limiter that is not there, and little patience with it."""
    monkeypatch.setattr(rate_limit, "LIMITER_S", 0.02)
    return AwayLimiter(clock, request.param)


async def test_work_goes_on_without_the_limiter(away: AwayLimiter, caplog: pytest.LogCaptureFixture) -> None:
    """When the limiter is away jobs are done, answers say what is left here, and the log says so once."""
    jobs = Jobs()
    jobs.go.set()
    client = TestClient(jobs.service(away))
    with caplog.at_level(logging.WARNING, "serve_app.middleware.rate_limit"):
        answers = [client.post("/remove-background"), client.get("/models"), client.get("/health")]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert [answer.headers["X-RateLimit-Remaining"] for answer in answers] == ["59", "58", "58"]
    assert [record.message.startswith("The ledger does not answer in time") for record in caplog.records] == [True]


async def test_limits_hold_without_the_limiter(away: AwayLimiter) -> None:
    """Of 70 requests at once 60 are let in though nobody counts but the replica itself; of 8 jobs at once, 4."""
    jobs = Jobs()
    async with (
        served(jobs.service(away)) as url,
        asking(url) as client,
    ):
        sent = [asyncio.create_task(client.post("/remove-background")) for _ in range(8)]
        refused = [await first for first in itertools.islice(asyncio.as_completed(sent, timeout=HANG_S), 4)]
        jobs.go.set()
        answers = await asyncio.gather(*sent)
        read = await asyncio.gather(*(client.get("/models") for _ in range(62)))

    assert [answer.status_code for answer in refused] == [429] * 4
    assert sorted(answer.status_code for answer in answers) == [200] * 4 + [429] * 4
    assert jobs.most == 4
    assert sorted(answer.status_code for answer in read) == [200] * 52 + [429] * 10


async def test_what_the_limiter_let_in_counts_when_it_goes(clock: Clock) -> None:
    """A limiter that dies after 60 requests of a minute leaves nobody another 60."""
    limiter = AwayLimiter(clock, "raises")
    limiter.here = True
    jobs = Jobs()
    jobs.go.set()
    client = TestClient(jobs.service(limiter))
    before = [client.get("/models").status_code for _ in range(60)]
    limiter.here = False

    assert before == [200] * 60
    assert client.get("/models").status_code == 429


async def test_a_slot_whose_answer_came_too_late_is_given_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job begun without waiting longer for the limiter gives back the slot that it got nevertheless."""
    monkeypatch.setattr(rate_limit, "LIMITER_S", 0.02)
    world.limiter.may_begin.clear()
    world.jobs.go.set()

    answer = await world.post("/remove-background")

    assert answer.status_code == 200
    assert await world.limiter.slots_left() == 4


class Asked(Memory):
    """A ledger that notes what it is asked, and that cannot store a record while it is `full`."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[str] = []
        self.is_full = False

    async def admit(self, who: str, tier: LimitTier, cost: int) -> RateLimitDecision:
        self.calls.append(f"admit {cost}")
        return await super().admit(who, tier, cost)

    async def begin(self, who: str, tier: LimitTier, slot_id: str, cost: int) -> Admission:
        self.calls.append(f"begin {cost}")
        return await super().begin(who, tier, slot_id, cost)

    async def end(self, slot_id: str, job: JobRecord | None = None) -> None:
        self.calls.append("end with its record" if job else "end")
        assert job is None or current_job() == job.job_id
        if job and self.is_full:
            raise ServiceUnavailable("away")
        await super().end(slot_id, job)


async def test_a_job_is_two_calls_to_the_ledger(caplog: pytest.LogCaptureFixture) -> None:
    """One before it, and one after it with its record, which is there when the answer is.

    The ledger is told which job it works for. The slot is free even if the record could not be stored. Who is out of
    budget is refused before the body is read.
    """
    ledger, access = Asked(), AccessSpec(tiers={"default": LimitTier(requests_per_minute=2, concurrent_jobs=1)})
    client = TestClient(create_app(shotgun(registry(model("first"), access=access), ledger), ledger))
    told = []
    for is_full in (False, True, True):
        ledger.is_full = is_full
        answer = client.post("/remove-background", content=picture(), headers={"Content-Type": "image/png"})
        told.append((answer.status_code, answer.headers["X-RateLimit-Remaining"], ledger.calls, len(ledger.jobs)))
        ledger.calls = []

    assert told == [
        (200, "1", ["begin 1", "end with its record"], 1),
        (200, "0", ["begin 1", "end with its record", "end"], 1),
        (429, "0", ["admit 1"], 1),
    ]
    assert "a job is not recorded: away" in caplog.text


@pytest.mark.parametrize("how", ["slow", "gone"])
async def test_an_upload_that_comes_to_nothing_counts(monkeypatch: pytest.MonkeyPatch, clock: Clock, how: str) -> None:
    """As one request, in the ledger too: otherwise it would cost a caller nothing to keep the service reading."""
    monkeypatch.setattr("serve_app.middleware.access.Transfers", partial(Transfers, grace_s=0.05))
    limiter, jobs, sent = NearLimiter(clock), Jobs(), list[Message]()

    async def received() -> Message:
        return {"type": "http.disconnect"} if how == "gone" else await asyncio.sleep(3600, {})

    async def send(message: Message) -> None:
        sent.append(message)

    await jobs.service(limiter)(SCOPE, received, send)

    left = limiter.limiter.admit("anonymous", LimitTier(), 0).remaining
    assert left == LimitTier().requests_per_minute - 1
    assert [message.get("status") for message in sent[:1]] == ([] if how == "gone" else [400])
