"""Batches over HTTP: many pictures under one id, on SQLite and PostgreSQL."""

import asyncio
import base64
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from standardwebhooks import Webhook

from cutout.accounts.keys import KeyRing, make_key
from serve_app import contract
from serve_app.contract.webhook_signature import signature
from tests.serve_app.jobs.batches.parts import ended, files, read, running, sent
from tests.serve_app.jobs.test_jobs import asked
from tests.support.durable_jobs import Works, client, picture, working
from tests.support.lasting_jobs import Lasting
from tests.support.patience import HANG_S
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.anyio
SECRET = "a secret of thirty bytes or so"


@pytest.fixture
async def works(tmp_path: Path, jobs: Lasting) -> AsyncIterator[Works]:
    """A worker at work, one job at a time."""
    async with jobs.working(tmp_path, concurrency=1, batch={"at_a_time": 2}) as works:
        yield works


@pytest.fixture
async def http(works: Works) -> AsyncIterator[httpx.AsyncClient]:
    """A caller."""
    async with client(works) as http:
        yield http


@pytest.fixture
async def lite(tmp_path: Path, sqlite_jobs: Lasting) -> AsyncIterator[Works]:
    """The same, on SQLite alone."""
    async with sqlite_jobs.working(tmp_path, concurrency=1, batch={"at_a_time": 2}) as works:
        yield works


async def test_a_batch_is_done(works: Works, http: httpx.AsyncClient) -> None:
    """Each picture has its cutout, a bad one its reason; one webhook and one ZIP tell of all of them."""
    names = ("shirts/a.png", "../shirts/a.jpg", "b.png")
    async with Receiver() as receiver:
        hook = {"webhook_url": receiver.url, "webhook_secret": SECRET}
        batch = await sent(http, *names, ("notes.txt", b"no picture"), **hook, output_type="both")
        body = await ended(http, batch)
        [message] = await receiver.wait_for(1)

    assert (batch["items_total"], batch["estimate_usd"]) == (4, 1.0)
    assert (body["status"], body["total_cost_usd"]) == ("partial", 0.75)
    assert body["counts"] == {**dict.fromkeys(body["counts"], 0), "completed": 3, "failed": 1}
    assert [item["name"] for item in body["items"]] == ["shirts/a.png", "shirts/a.jpg", "b.png", "notes.txt"]
    assert body["items"][3]["error_type"] == "invalid_format"
    pages = [await read(http, batch, limit=3), await read(http, batch, after=3)]
    assert [[item["number"] for item in page["items"]] for page in pages] == [[1, 2, 3], [4]]
    assert [page["next"] for page in pages] == [3, None]
    await _has_its_files(http, body)

    told = json.loads(message.body)
    contract.BatchWebhookBody.model_validate(told)
    assert (told["event"], told["batch_id"], told["counts"]) == ("batch_completed", batch["batch_id"], body["counts"])
    assert told["signature"] == signature({k: v for k, v in told.items() if k != "signature"}, SECRET)
    assert Webhook(base64.b64encode(SECRET.encode()).decode()).verify(message.body, message.headers)
    assert len(works.ledger.jobs) == 3, "each picture is a job of the statistics"
    assert not (works.folder / "pictures" / batch["batch_id"]).exists()


async def _has_its_files(http: httpx.AsyncClient, body: dict[str, list[dict[str, str]]]) -> None:
    archive = zipfile.ZipFile(io.BytesIO((await http.get(str(body["results_url"]))).content))
    names = ["shirts/a.png", "shirts/a.mask.png", "shirts/a-2.png", "shirts/a-2.mask.png", "b.png", "b.mask.png"]
    assert archive.namelist() == [*names, "batch.json"]
    listed = json.loads(archive.read("batch.json"))["items"]
    assert [one.get("file") for one in listed] == ["shirts/a.png", "shirts/a-2.png", "b.png", None]
    assert (listed[3]["name"], listed[3]["error_type"]) == ("notes.txt", "invalid_format")
    item = body["items"][2]
    assert (await http.get(item["image_url"])).content == archive.read("b.png")
    assert Image.open(io.BytesIO((await http.get(item["mask_url"])).content)).mode == "L"
    job = (await http.get(f"/jobs/{item['job_id']}")).json()
    assert (job["status"], len(job["results"])) == ("completed", 2)


async def _begun(http: httpx.AsyncClient, body: dict[str, Any]) -> int:
    """How many of a batch's items have a job."""
    statuses = [(await http.get(f"/jobs/{item['job_id']}")).status_code for item in body["items"]]
    assert set(statuses) <= {200, 404}
    return statuses.count(200)


async def test_a_few_at_a_time_and_behind_others(works: Works, http: httpx.AsyncClient) -> None:
    """At most `at_a_time` of its jobs exist; a job that is sent meanwhile by itself runs before those that wait."""
    held = works.models["first"].held = asyncio.Event()
    batch = await sent(http, "a.png", "b.png", "c.png", "d.png", include_models="first")
    body = await running(http, batch, 1)
    async with asyncio.timeout(HANG_S):
        while await _begun(http, body) < 2:
            await asyncio.sleep(0.05)
    early = await http.get(body["results_url"])
    await http.post("/remove-background", json=asked(include_models=["first"]), headers={"Prefer": "respond-async"})
    begun = await _begun(http, body)
    held.set()
    body = await ended(http, batch)

    assert begun == 2
    assert (early.status_code, early.json()["error"]["type"]) == (409, "conflict")
    assert body["status"] == "completed"
    assert works.runs.index("first:200") <= 1
    assert len(works.runs) == 5


async def test_the_same_request_is_the_same_batch(works: Works, http: httpx.AsyncClient) -> None:
    """By its Idempotency-Key, also while it runs; its files are stored once; another request is refused."""
    first = await sent(http, "a.png", "b.png", key="once")
    second = await sent(http, "a.png", "b.png", key="once")
    other = await http.post("/batches", files=files("a.png"), headers={"Idempotency-Key": "once"})
    body = await ended(http, first)
    third = await sent(http, "a.png", "b.png", key="once")

    assert first["batch_id"] == second["batch_id"] == third["batch_id"]
    assert (other.status_code, other.json()["error"]["type"]) == (409, "idempotency_conflict")
    assert sorted(works.runs) == ["first:90", "first:91", "second:90", "second:91"]
    stored = {path.name for path in (works.folder / "pictures").iterdir()}
    assert stored == {item["job_id"] for item in body["items"]}


async def test_a_batch_is_cancelled_and_forgotten(works: Works, http: httpx.AsyncClient) -> None:
    """Finished items stay, running ones stop, others never begin; then nothing is left of it."""
    async with Receiver() as receiver:
        works.models["second"].held = asyncio.Event()
        batch = await sent(http, "a.png", "b.png", "c.png", webhook_url=receiver.url)
        await running(http, batch, 1)
        answer = await http.delete(batch["status_url"])
        body = await read(http, batch)
        [message] = await receiver.wait_for(1)

    assert (answer.status_code, answer.json()["status"], body["status"]) == (200, "cancelled", "cancelled")
    assert body["counts"]["cancelled"] == 3
    assert json.loads(message.body)["event"] == "batch_cancelled"
    assert works.models["second"].cancelled == 1
    assert "first:92" not in works.runs
    assert (await http.delete(batch["status_url"])).json()["status"] == "cancelled"
    gone = await http.delete(f"{batch['status_url']}?forget=true")
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await http.get(batch["status_url"])).status_code == 404
    assert [(await http.get(f"/jobs/{item['job_id']}")).status_code for item in body["items"]] == [404] * 3
    assert list((works.folder / "pictures").iterdir()) == []


async def test_a_batch_counts_as_one_job(tmp_path: Path) -> None:
    """It has one slot of its caller's, and keeps it until it has ended."""
    access = {"tiers": {"default": {"requests_per_minute": 10_000, "concurrent_jobs": 1}}}
    url = f"sqlite:///{tmp_path}/jobs.sqlite"
    async with working(tmp_path, url, access=access, concurrency=1) as works, client(works) as http:
        held = works.models["first"].held = asyncio.Event()
        batch = await sent(http, "a.png", "b.png")
        await running(http, batch, 1)
        busy = await http.post("/batches", files=files("c.png"))
        held.set()
        await ended(http, batch)
        again = await http.post("/batches", files=files("c.png"))

    assert (busy.status_code, again.status_code) == (429, 202)


async def test_only_its_own_caller_sees_it(lite: Works, tmp_path: Path) -> None:
    """Others get 404, whatever they ask; its jobs are not among those of GET /jobs."""
    ring, texts = KeyRing(tmp_path / "keys.json"), []
    for name in ("me", "them"):
        text, record = make_key(name)
        ring.add(record)
        texts.append(text)
    async with client(lite, ring, texts[0]) as me, client(lite, ring, texts[1]) as them:
        batch = await sent(me, "a.png", key="mine")
        theirs = await sent(them, "a.png", key="mine")
        body = await ended(me, batch)
        urls = (batch["status_url"], body["results_url"])
        answers = [await them.get(url) for url in urls] + [await them.delete(f"{urls[0]}?forget=true")]
        listed = (await me.get("/jobs")).json()

    assert theirs["batch_id"] != batch["batch_id"]
    assert [answer.status_code for answer in answers] == [404] * 3
    assert (body["status"], listed["jobs"]) == ("completed", [])


async def test_a_background_is_behind_each(lite: Works) -> None:
    """One picture in the request is behind every cutout, and is not kept."""
    async with client(lite) as http:
        parts = [*files("a.png", "b.png"), ("background", ("behind.png", picture(10, side=8)))]
        options = {"include_models": "first", "output_format": "jpeg"}
        batch = (await http.post("/batches", files=parts, data=options)).json()
        body = await ended(http, batch)
        shown = [Image.open(io.BytesIO((await http.get(item["image_url"])).content)) for item in body["items"]]

    assert [one.format for one in shown] == ["JPEG", "JPEG"]
    names = [path.name for path in (lite.folder / "pictures").rglob("*")]
    assert not any(name.startswith("background") for name in names)


@pytest.mark.parametrize("limit_usd", [0.5, 0.25])
async def test_its_cost_is_quoted_and_capped(lite: Works, limit_usd: float) -> None:
    """POST /estimate tells it; a batch that would cost more than its limit is refused, and nothing of it is kept."""
    async with client(lite) as http:
        quote = (await http.post("/estimate", json={"models": ["first", "second"], "pictures": 2})).json()
        parts, options = files("a.png", "b.png"), {"include_models": "first,second", "max_cost_usd": str(limit_usd)}
        answer = await http.post("/batches", files=parts, data=options)
        quoted = await http.post("/estimate", json={"models": ["second"], "pictures": 2, "max_cost_usd": limit_usd})
        body = await ended(http, answer.json()) if answer.is_success else answer.json()

    assert (quote["estimate_usd"], quote["models"]) == (0.5, {"first": 0.0, "second": 0.25})
    if limit_usd == 0.5:
        assert (body["total_cost_usd"], body["max_cost_usd"], quoted.status_code) == (0.5, 0.5, 200)
    else:
        assert (answer.status_code, quoted.status_code) == (400, 400)
        assert body["error"]["details"] == {"field": "max_cost_usd", "received": 0.25, "estimate_usd": 0.5}
        assert list((lite.folder / "pictures").iterdir()) == []


async def test_an_item_fails_by_its_models(lite: Works) -> None:
    """An item whose models all failed has their reasons; a batch of such items has failed."""
    async with client(lite) as http, asyncio.timeout(HANG_S):
        body = await ended(http, await sent(http, "a.png", include_models="broken"))

    assert (body["status"], body["counts"]["failed"]) == ("failed", 1)
    assert "out of ink" in body["items"][0]["error"]
    assert body["items"][0]["image_url"] is None
