"""Issue 12, host: where a webhook may lead, when it is tried again, and how little a secret may be."""

import asyncio
import base64
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from email.utils import format_datetime
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutout.retry_after import retry_after_s
from tests.support.durable_jobs import WEBHOOK, Works, client, picture
from tests.support.lasting_jobs import Lasting
from tests.support.loopback_web import reply
from tests.support.patience import HANG_S
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.anyio
PRIVATE = (
    "http://10.0.0.7/hook",
    "https://192.168.1.1:8443/",
    "http://169.254.169.254/latest/meta-data",
    "http://100.100.100.200/",
    "http://[::1]:8000/hook",
    "http://[fd00::7]/",
    "http://[::ffff:10.0.0.7]/",
    "http://[64:ff9b::a00:7]/",
    "http://localhost:6379/",
    "http://no-such-name.invalid/",
)
RETRY = WEBHOOK.model_copy(update={"gaps_s": (0.05, 0.05, 1.0)})


@pytest.fixture
async def works(tmp_path: Path, sqlite_jobs: Lasting) -> AsyncIterator[Works]:
    """A worker at work; loopback may be called as 127.0.0.1."""
    async with sqlite_jobs.working(tmp_path, webhook=RETRY) as made:
        yield made


async def post(works: Works, **fields: object) -> httpx.Response:
    """The answer to a job of one model."""
    body = {"image": base64.b64encode(picture()).decode(), "include_models": ["first"], **fields}
    async with client(works) as http:
        return await http.post("/remove-background", json=body)


async def ended(works: Works, job_id: str, attempts: int) -> list[dict[str, object]]:
    """The attempts of a job's webhook, once there are so many."""
    async with client(works) as http, asyncio.timeout(HANG_S):
        while True:
            webhook = (await http.get(f"/jobs/{job_id}")).json()["webhook"]
            if webhook and len(webhook["attempts"]) >= attempts:
                tried: list[dict[str, object]] = webhook["attempts"]
                return tried
            await asyncio.sleep(0.05)


async def test_a_receiver_inside_is_refused_at_once(works: Works) -> None:
    """Private, local, metadata's and unknown hosts are 400 of webhook_url, and no job is made; 1.0.0 said 202."""
    answers = [await post(works, webhook_url=url) for url in PRIVATE]

    statuses = [answer.status_code for answer in answers]
    print(f"statuses of {len(PRIVATE)} receivers inside: {statuses}")
    assert set(statuses) == {400}
    assert {answer.json()["error"]["details"]["field"] for answer in answers} == {"webhook_url"}
    assert works.runs == []


async def test_what_an_operator_allows_is_taken(works: Works) -> None:
    """A receiver inside that jobs.webhook.allowed_hosts names is called."""
    async with Receiver() as receiver:
        answer = await post(works, webhook_url=receiver.url)
        await receiver.wait_for(1)

    assert answer.status_code == 202


@pytest.mark.parametrize("secret", ["s", "password", "s" * 23, "whsec_YQ", "whsec_" + "A" * 28])
async def test_a_secret_that_can_be_guessed(works: Works, secret: str) -> None:
    """Whoever has one message would find a short key by trying: less than 192 bits are refused."""
    answer = await post(works, webhook_url="http://127.0.0.1:9/", webhook_secret=secret)

    assert answer.status_code == 400
    assert answer.json()["error"]["details"] == {"field": "webhook_secret"}


async def test_a_receiver_says_when(works: Works) -> None:
    """Retry-After is waited for where it is longer than the gap, and no longer than the longest gap."""
    busy = reply(b"", "Retry-After: 86400", status="503 Busy")
    async with Receiver(busy, reply(b"", status="204 No Content")) as receiver:
        job_id = (await post(works, webhook_url=receiver.url)).json()["job_id"]
        first, second = await ended(works, job_id, 2)

    gap_s = float(str(second["at"])) - float(str(first["at"]))
    print(f"waited {gap_s:.2f} s for a Retry-After of a day; the longest gap is 1 s")
    assert first["retry_after_s"] == 86400
    assert gap_s >= 1.0


async def test_gaps_are_spread(works: Works) -> None:
    """Two hundred jobs whose receiver was down do not come back in the same moment."""
    deliveries = works.jobs._deliveries
    waits = [deliveries._wait_s(100, 0) for _ in range(200)]

    print(f"200 gaps of 100 s: {min(waits):.1f} to {max(waits):.1f} s, {len(set(waits))} different")
    assert min(waits) >= 100
    assert max(waits) <= 120
    assert len({round(wait) for wait in waits}) > 10


@given(st.text(max_size=400) | st.from_regex(r"[0-9]{1,400}", fullmatch=True) | st.datetimes().map(str))
def test_any_retry_after(value: str) -> None:
    """Whatever a receiver writes there is a wait, or none; no text breaks the delivery."""
    wait_s = retry_after_s(value)

    assert wait_s is None or wait_s >= 0


@pytest.mark.parametrize("at", [datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)])
def test_dates_at_the_edges(at: datetime) -> None:
    """The first and the last date that can be written are waits."""
    assert retry_after_s(format_datetime(at)) is not None
