"""GET /jobs, a caller's own durable jobs in pages, and DELETE /jobs/{job_id}?forget=true, which deletes one."""

import asyncio
import io
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import sqlalchemy
from PIL import Image

from cutout.accounts.keys import KeyRing, make_key
from serve_app import contract
from serve_app.jobs.execution.database import prepared
from tests.serve_app.jobs.test_jobs import ASYNC, asked, ended
from tests.support.durable_jobs import Works, client
from tests.support.lasting_jobs import Lasting

pytestmark = pytest.mark.anyio


@pytest.fixture
async def works(tmp_path: Path, jobs: Lasting) -> AsyncIterator[Works]:
    """A worker at work: two models that work and one that fails."""
    async with jobs.working(tmp_path) as works:
        yield works


@pytest.fixture
async def callers(works: Works, tmp_path: Path) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    """Two callers with a key each."""
    ring = KeyRing(tmp_path / "keys.json")
    texts = []
    for name in ("me", "them"):
        text, record = make_key(name)
        ring.add(record)
        texts.append(text)
    async with client(works, ring, texts[0]) as me, client(works, ring, texts[1]) as them:
        yield me, them


async def submitted(http: httpx.AsyncClient, **fields: Any) -> str:
    """The id of a job that has ended."""
    answer = await http.post("/remove-background", json=asked(**fields), headers=ASYNC)
    return str((await ended(http, answer.json()["status_url"]))["job_id"])


async def listed(http: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    answer = await http.get("/jobs", params=query)
    assert answer.status_code == 200, answer.text
    contract.JobListBody.model_validate(answer.json())
    body: dict[str, Any] = answer.json()
    return body


async def test_pages_of_ones_own_jobs(callers: tuple[httpx.AsyncClient, httpx.AsyncClient], jobs: Lasting) -> None:
    """The newest first, each once over all pages, however short; nobody else's, even when named."""
    me, them = callers
    mine = [await submitted(me, include_models=["first"]) for _ in range(3)]
    theirs = await submitted(them)
    _an_hour_older(jobs.database_url, mine[0])

    pages = [await listed(me, limit=2)]
    while (before := pages[-1]["next"]) is not None:
        pages.append(await listed(me, limit=2, before=before))

    assert [job["job_id"] for page in pages for job in page["jobs"]] == mine[::-1]
    assert [len(page["jobs"]) for page in pages] == [2, 1]
    named = await listed(me, job_ids=f"{mine[0]},{theirs}")
    assert [job["job_id"] for job in named["jobs"]] == [mine[0]]
    assert [job["job_id"] for job in (await listed(them))["jobs"]] == [theirs]


def _an_hour_older(database_url: str, job_id: str) -> None:
    """Let a job have been accepted earlier: on SQLite, DBOS stores whole seconds."""
    with sqlalchemy.create_engine(prepared(database_url).replace("postgresql:", "postgresql+psycopg:")).begin() as db:
        table = "workflow_status" if db.dialect.name == "sqlite" else "dbos.workflow_status"
        earlier = f"UPDATE {table} SET created_at = created_at - 3600000 WHERE workflow_uuid = :id"  # noqa: S608
        db.execute(sqlalchemy.text(earlier), {"id": job_id})


async def test_an_entry(works: Works) -> None:
    """It has what a list shows: state, models, cost, the winner, and the picture that was sent, also as a thumbnail."""
    async with client(works) as http:
        job_id = await submitted(http)

        [entry] = (await listed(http, job_ids=job_id))["jobs"]

        assert (entry["status"], entry["models"], entry["total_cost_usd"]) == ("completed", ["first", "second"], 0.25)
        assert entry["selected_model_id"] in ("first", "second")
        assert entry["status_url"].endswith(f"/jobs/{job_id}")
        thumbnail, sent = await http.get(entry["thumbnail_url"]), await http.get(entry["picture_url"])
        assert (thumbnail.headers["content-type"], sent.headers["content-type"]) == ("image/webp", "image/png")
        assert Image.open(io.BytesIO(thumbnail.content)).size == (24, 24)
        assert (await http.get(f"/jobs/{job_id}")).json()["picture_url"].startswith("http://service.test/results/")
        await works.store.make_room(job_id)
        [entry] = (await listed(http, job_ids=job_id))["jobs"]
        assert (entry["picture_url"], entry["thumbnail_url"]) == (None, None)


async def test_by_state(works: Works) -> None:
    """Only jobs in the state that is asked for; one that works is running, one that waits behind it is queued."""
    async with client(works) as http:
        failed = await submitted(http, include_models=["broken"])
        held = works.models["first"].held = asyncio.Event()
        bodies = [(await http.post("/remove-background", json=asked(), headers=ASYNC)).json() for _ in range(3)]
        ids = [failed, *(body["job_id"] for body in bodies)]
        cancelled = ids.pop()
        await http.delete(f"/jobs/{cancelled}")
        query = {"job_ids": ",".join([*ids, cancelled])}

        found = {
            phase: {job["job_id"] for job in (await listed(http, status=phase, **query))["jobs"]}
            for phase in ("queued", "running", "completed", "failed", "cancelled")
        }
        held.set()

    assert found["failed"] == {failed}
    assert found["cancelled"] == {cancelled}
    assert found["queued"] | found["running"] == set(ids[1:])
    assert not found["completed"]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({}, "job_ids"), ({"job_ids": ""}, "job_ids"), ({"job_ids": "x", "limit": "0"}, "limit"),
        ({"job_ids": "x", "limit": "101"}, "limit"), ({"job_ids": "x", "status": "done"}, "status"),
        ({"job_ids": "x", "before": "yesterday"}, "before"), ({"job_ids": "x", "before": str(10**18)}, "before"),
        ({"job_ids": ",".join("x" * 101)}, "job_ids"), ({"job_ids": "x", "offset": "3"}, "offset"),
    ],
)  # fmt: skip
async def test_bad_queries(tmp_path: Path, sqlite_jobs: Lasting, query: dict[str, str], field: str) -> None:
    """Each is 400 with its field; without keys, the ids of the jobs are required, since nobody can be told apart."""
    async with sqlite_jobs.working(tmp_path) as works, client(works) as http:
        answer = await http.get("/jobs", params=query)

        assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (400, field)
        assert (await listed(http, job_ids=f"no-job,{uuid.uuid4()}")) == {"jobs": [], "next": None}


async def test_a_job_is_forgotten(works: Works, callers: tuple[httpx.AsyncClient, httpx.AsyncClient]) -> None:
    """It is gone with its pictures; its Idempotency-Key makes a new one; nobody else can delete it."""
    me, them = callers
    headers = {"Idempotency-Key": "once"}
    job_id = (await me.post("/remove-background", json=asked(), headers=headers)).json()["job_id"]
    spent = len(works.ledger.spent)

    theirs = await them.delete(f"/jobs/{job_id}?forget=true")
    plain = await me.delete(f"/jobs/{job_id}")
    odd = await me.delete(f"/jobs/{job_id}?forget=perhaps")
    gone = await me.delete(f"/jobs/{job_id}?forget=true")

    assert (theirs.status_code, plain.status_code, odd.status_code, gone.status_code) == (404, 200, 400, 204)
    assert gone.content == b""
    assert not (works.folder / "pictures" / job_id).exists()
    assert (await me.get(f"/jobs/{job_id}")).status_code == 404
    assert (await me.delete(f"/jobs/{job_id}?forget=true")).status_code == 404
    assert (await listed(me))["jobs"] == []
    again = await me.post("/remove-background", json=asked(), headers=headers)
    assert (again.status_code, again.json()["job_id"], len(works.ledger.spent)) == (200, job_id, 2 * spent)


async def test_a_job_at_work_is_forgotten(works: Works) -> None:
    """Its models stop, and nothing of it is left: neither pictures nor workflows, that of its webhook included."""
    works.models["first"].held = asyncio.Event()
    async with client(works) as http:
        body = asked(webhook_url="http://127.0.0.1:9/")
        job_id = (await http.post("/remove-background", json=body)).json()["job_id"]
        while "running" not in (await http.get(f"/jobs/{job_id}")).text:
            await asyncio.sleep(0.02)

        assert (await http.delete(f"/jobs/{job_id}?forget=true")).status_code == 204
        assert (await http.get(f"/jobs/{job_id}")).status_code == 404

    assert works.models["first"].cancelled == 1
    assert not (works.folder / "pictures" / job_id).exists()
