"""A durable job has its caller's slot from its acceptance to its end, whoever dies in between; and jobs that break."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from cutout.accounts.limiter import Limiter
from cutout.accounts.rate_limit import JobSlot
from cutout.accounts.spec import LimitTier
from cutout.errors import ServiceUnavailable
from serve_app.jobs.execution.slots import Slots
from tests.support.durable_jobs import Works, client, picture, working
from tests.support.lasting_jobs import Lasting
from tests.support.patience import HANG_S
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.anyio
ASYNC = {"Prefer": "respond-async"}
BODY = {"image": base64.b64encode(picture()).decode(), "include_models": ["first"]}
ACCESS = {"tiers": {"default": {"requests_per_minute": 10_000, "concurrent_jobs": 2}}}


@pytest.fixture
async def works(tmp_path: Path, sqlite_jobs: Lasting) -> AsyncIterator[Works]:
    """A worker whose callers may have two jobs at a time, each held up until the test lets it go."""
    async with sqlite_jobs.working(tmp_path, access=ACCESS) as works:
        works.models["first"].held = asyncio.Event()
        yield works
        works.models["first"].held.set()


@pytest.fixture
async def http(works: Works) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the whole service."""
    async with client(works) as http:
        yield http


async def post(http: httpx.AsyncClient, headers: dict[str, str] | None = None, **fields: Any) -> httpx.Response:
    return await http.post("/remove-background", json={**BODY, **fields}, headers=headers or {})


async def status(http: httpx.AsyncClient, answer: httpx.Response, *ends: str) -> dict[str, Any]:
    """The job of an answer once it has ended so."""
    async with asyncio.timeout(HANG_S):
        while True:
            body: dict[str, Any] = (await http.get(f"/jobs/{answer.json()['job_id']}")).json()
            if body["status"] in ends:
                return body
            await asyncio.sleep(0.02)


async def test_a_slot_is_held_until_the_job_ends(http: httpx.AsyncClient, works: Works) -> None:
    """A job answered with 202 is one of its caller's jobs at a time until it is done, beside those he waits for."""
    first, waited = await post(http, ASYNC), asyncio.create_task(post(http))
    while works.ledger.limiter.take_slot("anonymous", LimitTier(concurrent_jobs=2), "probe").allowed:
        works.ledger.limiter.free_slot("probe")
        await asyncio.sleep(0.01)
    third = await post(http, ASYNC)
    works.models["first"].held.set()  # type: ignore[union-attr]
    await status(http, first, "completed")
    await waited
    fourth = await post(http, ASYNC)

    assert (first.status_code, third.status_code, fourth.status_code) == (202, 429, 202)
    assert third.json()["error"]["details"]["limit"] == 2
    assert (await waited).status_code == 200


async def test_a_cancelled_job_gives_its_slot_back(http: httpx.AsyncClient) -> None:
    """Who has cancelled a job may send the next one at once."""
    jobs = [await post(http, ASYNC) for _ in range(3)]
    await http.delete(f"/jobs/{jobs[0].json()['job_id']}")
    more = [await post(http, ASYNC) for _ in range(2)]

    assert [answer.status_code for answer in jobs] == [202, 202, 429]
    assert [answer.status_code for answer in more] == [202, 429]


async def test_who_has_his_answer_may_send_the_next_job(http: httpx.AsyncClient, works: Works) -> None:
    """A durable job that is waited for has given its slot back when its answer is there, each time."""
    works.models["first"].held.set()  # type: ignore[union-attr]
    await post(http, {"Idempotency-Key": "other"})
    for number in range(12):
        answers = await asyncio.gather(*(post(http, {"Idempotency-Key": f"{number} {n}"}) for n in range(2)))
        assert [answer.status_code for answer in answers] == [200, 200]


async def test_a_repeated_request_takes_no_slot_for_good(http: httpx.AsyncClient, works: Works) -> None:
    """Requests that find a job give back the slot that they took, and leave the job's."""
    key = ASYNC | {"Idempotency-Key": "k"}
    together = await asyncio.gather(*(post(http, key) for _ in range(2)))
    again = await post(http, key)
    second = await post(http, ASYNC)
    third = await post(http, ASYNC)

    assert len({answer.json()["job_id"] for answer in (*together, again)}) == 1
    assert (second.status_code, third.status_code) == (202, 429)


async def test_a_limiter_that_forgot_is_told(http: httpx.AsyncClient, works: Works) -> None:
    """After the limiter has begun anew, the jobs at work count again, and those that have ended do not."""
    done = await post(http, ASYNC)
    works.models["first"].held.set()  # type: ignore[union-attr]
    await status(http, done, "completed")
    works.models["first"].held = asyncio.Event()
    await post(http, ASYNC)
    works.ledger.limiter = Limiter(330)
    await works.jobs.look()
    answers = [await post(http, ASYNC) for _ in range(2)]

    assert [answer.status_code for answer in answers] == [202, 429]


async def test_slots_survive_the_worker(tmp_path: Path) -> None:
    """A worker that begins holds the slots of the jobs that an earlier one left undone."""
    url = f"sqlite:///{tmp_path}/jobs.sqlite"
    async with working(tmp_path, url, access=ACCESS) as works:
        works.models["first"].held = asyncio.Event()
        async with client(works) as http:
            await post(http, ASYNC)
    async with working(tmp_path, url, access=ACCESS, pause_s=60) as works, asyncio.timeout(HANG_S):
        while not len(works.ledger.limiter):
            await asyncio.sleep(0.02)


async def test_an_end_and_a_look_at_once() -> None:
    """A job that ends while the unfinished ones are read keeps no slot, whichever of both is first."""
    limiter, slot = Limiter(330), JobSlot("ann", "1")

    class Near:
        async def hold_slots(self, held: list[JobSlot]) -> None:
            limiter.hold_slots(held)

        async def end(self, slot_id: str) -> None:
            limiter.free_slot(slot_id)

    async def read() -> list[JobSlot]:
        await asyncio.sleep(0)
        return [slot]

    for _ in range(3):
        slots = Slots(Near())  # type: ignore[arg-type]
        limiter.hold_slots([slot])
        await asyncio.gather(slots.hold(read()), slots.free(slot), slots.hold(read()))
        assert len(limiter) == 0


async def test_jobs_go_on_without_the_limiter(caplog: pytest.LogCaptureFixture) -> None:
    """A limiter that is away stops no job: the log says so."""

    class Away:
        async def hold_slots(self, held: list[JobSlot]) -> None:
            raise ServiceUnavailable("Ledger is not running")

        async def end(self, slot_id: str) -> None:
            raise ServiceUnavailable("Ledger is not running")

    await Slots(Away()).free(JobSlot("ann", "1"))  # type: ignore[arg-type]

    assert "The ledger does not answer" in caplog.text


async def test_a_job_that_breaks_is_told(http: httpx.AsyncClient, works: Works) -> None:
    """A job that breaks by our own fault has failed, sends job_failed, keeps what was done, and frees its slot."""
    works.models["first"].held.set()  # type: ignore[union-attr]

    async def drop(*_: object) -> None:
        raise RuntimeError("out of ink")

    works.store.drop = drop  # type: ignore[method-assign,assignment]
    async with Receiver() as receiver:
        jobs = [await post(http, webhook_url=receiver.url, webhook_secret="hush " * 5) for _ in range(2)]
        states = [await status(http, job, "failed") for job in jobs]
        await works.jobs.look()
        await works.jobs.look()
        await receiver.wait_for(2)
        async with asyncio.timeout(HANG_S):
            while len(works.ledger.jobs) < 2:
                await asyncio.sleep(0.02)

    message = json.loads(receiver.messages[0].body)
    assert (message["event"], message["status"]) == ("job_failed", "failed")
    assert message["error"] == states[0]["error"] == {
        "type": "internal_error", "message": "The service failed; its log has the reason", "details": {},
    }  # fmt: skip
    assert [result["model_id"] for result in message["results"]] == ["first"]
    assert len(receiver.messages) == 2
    assert len(works.ledger.limiter) == 1  # the window of requests, and no slot
