"""Issue 12, one small request: what is kept of requests is bounded in bytes, the oldest first, and it is said so."""

import asyncio
import base64
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from cutout.telemetry.metrics import STORE_BYTES, STORE_LIMIT
from serve_app import contract
from serve_app.fanout.dependencies import Dependencies
from serve_app.storage import quota
from serve_app.storage.pictures import DROPPED, MARK
from tests.serve_app.jobs.test_jobs import delivered, ended
from tests.support.durable_jobs import WEBHOOK, Works, client, picture, working
from tests.support.loopback_web import reply
from tests.support.s3 import s3
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.anyio
__all__ = ["s3"]
ASYNC = {"Prefer": "respond-async"}
LIMIT = 300
"""Bytes; a job of these tests leaves some 130."""


@asynccontextmanager
async def service(
    folder: Path, place: str | None = None, **jobs: Any
) -> AsyncIterator[tuple[Works, Dependencies, httpx.AsyncClient]]:
    """The whole service without Ray, what it knows of its worker, and a caller."""
    given = {"store_bytes": LIMIT, "compose_s": 0, **jobs}
    async with working(folder, f"sqlite:///{folder}/jobs.sqlite", place=place, **given) as works:
        leans_on = Dependencies({"jobs": works.jobs.check})
        async with client(works, dependencies=leans_on) as http:
            yield works, leans_on, http


@pytest.fixture
def no_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures may go as soon as their job has ended."""
    monkeypatch.setattr(quota, "GRACE_S", -5.0)


def asked(**fields: Any) -> dict[str, Any]:
    """A request for one model's cutout."""
    return {"image": base64.b64encode(picture()).decode(), "include_models": ["first"], **fields}


async def held_bytes(works: Works) -> int:
    """What lies in the store."""
    return sum(holding.size_bytes for holding in await works.store.holdings())


@pytest.mark.parametrize("kind", ["folder", "s3"])
@pytest.mark.usefixtures("no_grace")
async def test_the_oldest_pictures_make_room(tmp_path: Path, request: pytest.FixtureRequest, kind: str) -> None:
    """Beyond the limit the oldest jobs' pictures go: addresses and the job say so, and the newest are still there."""
    place = f"{request.getfixturevalue('s3')}/{uuid.uuid4().hex}" if kind == "s3" else None
    async with service(tmp_path, place) as (works, leans_on, http):
        jobs = []
        for key in "abcd":
            body = asked(response_format="url")
            answer = await http.post("/remove-background", json=body, headers={"Idempotency-Key": key})
            jobs.append((key, answer.json()))
        before = await held_bytes(works)
        await works.jobs.count()
        await leans_on.look()
        after = await held_bytes(works)
        states = [(await http.get(f"/jobs/{job['job_id']}")).json() for _, job in jobs]
        pictures = [await http.get(job["results"][0]["image_url"]) for _, job in jobs]
        repeated = [
            await http.post("/remove-background", json=asked(response_format="url"), headers={"Idempotency-Key": key})
            for key, _ in jobs
        ]
        health = (await http.get("/health")).json()

    gone = [state["pictures_dropped"] for state in states]
    print(f"{kind}: {before} bytes held for a limit of {LIMIT}, then {after}; dropped: {gone}")
    assert before > LIMIT >= after > 0
    assert 0 < sum(gone) < len(gone)
    if kind == "folder":  # S3 tells no parts of a second
        assert gone == sorted(gone, reverse=True)
    assert {state["status"] for state in states} == {"completed"}
    assert [state["results"][0]["image_url"] is None for state in states] == gone
    assert [answer.status_code for answer in pictures] == [404 if lost else 200 for lost in gone]
    assert [answer.status_code for answer in repeated] == [404 if lost else 200 for lost in gone]
    said = [a.json()["error"]["message"] for a in (*pictures, *repeated) if a.status_code == 404]
    assert all(message.startswith(DROPPED) for message in said)
    contract.HealthBody.model_validate(health)
    contract.JobStateBody.model_validate(states[0])
    assert health["dependencies"]["jobs"] == {"state": "ready", "store_bytes": after, "store_limit_bytes": LIMIT}
    assert (works.kept.values(STORE_BYTES)[-1], works.kept.values(STORE_LIMIT)[-1]) == (after, LIMIT)


@pytest.mark.usefixtures("no_grace")
async def test_a_job_at_work_keeps_its_pictures(tmp_path: Path) -> None:
    """However full the store is, a job that waits or works has its input, and is done."""
    async with service(tmp_path, store_bytes=1, concurrency=1) as (works, _, http):
        works.models["first"].held = asyncio.Event()
        answers = [await http.post("/remove-background", json=asked(), headers=ASYNC) for _ in range(3)]
        before = await held_bytes(works)
        await works.jobs.count()
        during = await held_bytes(works)
        works.models["first"].held.set()
        states = [await ended(http, answer.json()["status_url"]) for answer in answers]

    print(f"three jobs at work: {before} bytes for a limit of 1, then {during}")
    assert before == during > 1
    assert {state["status"] for state in states} == {"completed"}


async def test_pictures_that_just_came_are_left_alone(tmp_path: Path) -> None:
    """A caller has two minutes to fetch his result, and a job as long to be accepted."""
    async with service(tmp_path, store_bytes=1) as (works, _, http):
        answer = await http.post("/remove-background", json=asked(), headers=ASYNC)
        await ended(http, answer.json()["status_url"])
        await works.jobs.count()
        state = (await http.get(answer.json()["status_url"])).json()
        fetched = await http.get(state["results"][0]["image_url"])

    assert not state["pictures_dropped"]
    assert fetched.status_code == 200


@pytest.mark.usefixtures("no_grace")
async def test_cutouts_of_answered_requests_are_bounded_too(tmp_path: Path) -> None:
    """What is kept for another finish counts, the oldest goes first, and leaves no mark; of 1.0.0 it grew."""
    async with service(tmp_path, store_bytes=2_000, compose_s=600) as (works, _, http):
        answers = [await http.post("/remove-background", json=asked()) for _ in range(4)]
        before = await held_bytes(works)
        await works.jobs.count()
        after = await held_bytes(works)
        composed = [await http.post(f"/jobs/{answer.json()['job_id']}/compose", json={}) for answer in answers]
    marks = [*tmp_path.rglob(MARK)]  # noqa: ASYNC240 - nothing else runs

    statuses = [answer.status_code for answer in composed]
    print(f"4 answered requests: {before} bytes, then {after}; composed: {statuses}")
    assert before > 2_000 >= after
    assert (statuses[0], statuses[-1]) == (404, 200)
    assert statuses == sorted(statuses, reverse=True)
    assert marks == []


@pytest.mark.usefixtures("no_grace")
async def test_a_webhook_outlives_the_pictures(tmp_path: Path) -> None:
    """A receiver that was down when the pictures made room is told of the job, without addresses that lead nowhere."""
    slow = WEBHOOK.model_copy(update={"gaps_s": (0.5,) * 200})
    down, up = reply(b"", status="500 Down"), reply(b"", status="204 No Content")
    async with Receiver(down) as receiver, service(tmp_path, store_bytes=1, webhook=slow) as (works, _, http):
        answer = await http.post("/remove-background", json=asked(webhook_url=receiver.url))
        await receiver.wait_for(1)
        await works.jobs.count()  # not at work any more: only its receiver is
        receiver.answers = [up]
        state = await delivered(http, answer.json()["status_url"])

    [result] = json.loads(receiver.messages[-1].body)["results"]
    assert state["pictures_dropped"]
    assert (result["status"], result["image_url"], result["image_base64"]) == ("success", None, None)
