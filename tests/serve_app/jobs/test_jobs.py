"""Durable jobs over HTTP: accepted, read, watched, cancelled, repeated, told by webhook; on SQLite and PostgreSQL."""

import asyncio
import base64
import io
import itertools
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from standardwebhooks import Webhook

from cutout.accounts.keys import KeyRing, make_key
from cutout.errors import ServiceUnavailable
from cutout.picks.job_record import JobRecord
from cutout.telemetry.metrics import SPAN_SECONDS
from serve_app import contract
from serve_app.contract.webhook_signature import signature
from serve_app.jobs.execution import model_steps
from tests.support.durable_jobs import WEBHOOK, Works, client, picture, working
from tests.support.lasting_jobs import Lasting
from tests.support.loopback_web import reply
from tests.support.patience import HANG_S
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.anyio
ASYNC = {"Prefer": "respond-async"}
RAW = {"Content-Type": "image/png"}
SECRET = "a secret of thirty bytes or so"
ENDED = ("completed", "partial", "failed", "cancelled")


@pytest.fixture
async def works(tmp_path: Path, jobs: Lasting) -> AsyncIterator[Works]:
    """A worker at work: two models that work and one that fails."""
    async with jobs.working(tmp_path) as works:
        yield works


@pytest.fixture
async def http(works: Works) -> AsyncIterator[httpx.AsyncClient]:
    """A caller."""
    async with client(works) as http:
        yield http


def asked(**fields: Any) -> dict[str, Any]:
    """A JSON request for the two models that work."""
    image = base64.b64encode(picture()).decode()
    return {"image": image, "include_models": ["first", "second"], **fields}


PROCESS = {"image": base64.b64encode(picture()).decode(), "bg_models": ["first", "second"], "upscale_factor": 2}


async def ended(http: httpx.AsyncClient, status_url: str) -> dict[str, Any]:
    """The job once it has ended."""
    async with asyncio.timeout(HANG_S):
        while True:
            body: dict[str, Any] = (await http.get(status_url)).json()
            if body["status"] in ENDED:
                return body
            await asyncio.sleep(0.05)


async def delivered(http: httpx.AsyncClient, status_url: str, status: str = "delivered") -> dict[str, Any]:
    """The job once its webhook is delivered, or given up."""
    async with asyncio.timeout(HANG_S):
        while True:
            body: dict[str, Any] = (await http.get(status_url)).json()
            if body["webhook"] and body["webhook"]["status"] == status:
                return body
            await asyncio.sleep(0.05)


def events(text: str) -> list[tuple[str, dict[str, Any]]]:
    """Names and bodies of a stream of server-sent events."""
    parts = [part.split("\n") for part in text.split("\n\n") if part.startswith("event: ")]
    return [(name.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for name, data in parts]


async def test_accepted_then_read(http: httpx.AsyncClient, works: Works) -> None:
    """With Prefer: respond-async the answer is 202 at once; the job's address then has the results, by address."""
    answer = await http.post("/remove-background", content=picture(), headers=RAW | ASYNC)

    accepted = contract.AcceptedBody.model_validate(answer.json())
    assert answer.status_code == 202
    assert answer.headers["location"] == accepted.status_url == f"http://service.test/jobs/{accepted.job_id}"
    assert answer.headers["preference-applied"] == "respond-async"
    body = await ended(http, accepted.status_url)
    contract.JobStateBody.model_validate(body)
    assert body["status"] == "partial"
    assert body["total_cost_usd"] == 0.25
    assert [r["status"] for r in body["results"]] == ["success", "success", "error"]
    assert all(r["image_base64"] is None for r in body["results"])
    shown = await http.get(body["results"][0]["image_url"])
    assert shown.headers["content-type"] == "image/png"
    assert shown.headers["x-content-type-options"] == "nosniff"
    assert shown.headers["content-disposition"] == 'inline; filename="first.png"'
    assert Image.open(io.BytesIO(shown.content)).size == (24, 24)
    assert [(job.job_id, job.status, len(job.results)) for job in works.ledger.jobs] == [(body["job_id"], "partial", 3)]


@pytest.mark.parametrize(("compose_s", "kept"), [(900, ["input", "thumbnail.small.webp"]), (0, [])])
async def test_the_callers_picture(tmp_path: Path, jobs: Lasting, compose_s: float, kept: list[str]) -> None:
    """It is kept beside its cutouts, which can be mended; where requests are not, it is deleted when the job ends."""
    async with jobs.working(tmp_path, compose_s=compose_s) as works, client(works) as http:
        answer = await http.post("/remove-background", json=asked(), headers=ASYNC)
        body = await ended(http, answer.json()["status_url"])

        folder = works.folder / "pictures" / body["job_id"]
        names = sorted(file.name for file in folder.iterdir())
        assert [name.partition("_")[0] for name in names] == ["first.png", *kept[:1], "second.png", *kept[1:]]


async def test_results_by_address(http: httpx.AsyncClient) -> None:
    """`response_format` gives pictures, addresses, or both; the picture is the same by either way, process included."""
    both = (await http.post("/process", json={**PROCESS, "response_format": "both"})).json()
    url = (await http.post("/process", json={**PROCESS, "response_format": "url"})).json()

    for result in both["results"]:
        shown = await http.get(result["image_url"])
        assert shown.content == base64.b64decode(result["image_base64"])
        assert Image.open(io.BytesIO(shown.content)).size == (48, 48)
    assert all(r["image_base64"] is None and r["image_url"] for r in url["results"])


async def test_a_picture_that_the_caller_has(http: httpx.AsyncClient) -> None:
    """A caller who sends a picture's tag gets 304 and no bytes, by HEAD too; another picture has another tag."""
    answer = await http.post("/remove-background", json=asked(response_format="url"))
    address, other = (result["image_url"] for result in answer.json()["results"][:2])
    shown = await http.get(address)
    tag = shown.headers["etag"]

    head = await http.head(address)
    assert tag == head.headers["etag"] != (await http.get(other)).headers["etag"]
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(len(shown.content)))
    for known, status in ((tag, 304), (f'"old", W/{tag}', 304), ("*", 304), ('"old"', 200), ("", 200)):
        again = await http.get(address, headers={"If-None-Match": known})
        assert again.status_code == status
        assert again.content == (shown.content if status == 200 else b"")
        assert (again.headers["etag"], "max-age" in again.headers["cache-control"]) == (tag, True)


async def test_addresses_that_are_refused(http: httpx.AsyncClient, works: Works) -> None:
    """A forged address is 403, and one whose picture is gone 404, in the contract's form."""
    answer = await http.post("/remove-background", json=asked(response_format="url"))
    address = answer.json()["results"][0]["image_url"]

    for forged in (address[:-1] + "x", address.replace("first.png", "second.png"), address.partition("?")[0]):
        refused = await http.get(forged)
        assert refused.status_code == 403
        assert refused.json()["error"]["type"] == "forbidden"

    await works.store.drop(answer.json()["job_id"], "first.png")
    gone = await http.get(address)
    assert gone.status_code == 404
    assert gone.json()["error"]["type"] == "not_found"


async def test_unknown_jobs(http: httpx.AsyncClient) -> None:
    """A job that is not there is 404 in the contract's form, for each of its endpoints."""
    unknown = ("x", "00000000-0000-4000-8000-000000000000", "%2e%2e%2fx")
    endpoints = (("GET", ""), ("DELETE", ""), ("GET", "/events"), ("POST", "/webhook"))
    for job, (method, under) in itertools.product(unknown, endpoints):
        answer = await http.request(method, f"/jobs/{job}{under}")
        assert answer.status_code == 404, (job, method, under)


async def test_a_job_belongs_to_its_key(http: httpx.AsyncClient, works: Works, tmp_path: Path) -> None:
    """A job made by a key is there for that key alone; two callers' equal idempotency keys are two keys."""
    (mine, my_record), (other, other_record) = make_key("mine"), make_key("other")
    keys = KeyRing(tmp_path / "keys.json")
    keys.add(my_record)
    keys.add(other_record)
    headers = ASYNC | {"Idempotency-Key": "1"}
    async with client(works, keys, mine) as me, client(works, keys, other) as them:
        answer = await me.post("/remove-background", json=asked(), headers=headers)
        url = answer.json()["status_url"]

        assert (await me.get(url)).status_code == 200
        for caller in (them, http):  # the other key, and a service without keys
            assert (await caller.get(url)).status_code == 404
            assert (await caller.delete(url)).status_code == 404
            theirs = await caller.post("/remove-background", json=asked(), headers=headers)
            assert theirs.json()["job_id"] != answer.json()["job_id"]


async def test_the_same_key_is_the_same_job(http: httpx.AsyncClient, works: Works) -> None:
    """The same Idempotency-Key and request give the same answer, at the same time or later, and run each model once."""
    headers = {"Idempotency-Key": "order 7"}
    together = await asyncio.gather(*(http.post("/remove-background", json=asked(), headers=headers) for _ in range(4)))
    later = await http.post("/remove-background", json=asked(), headers=headers)
    accepted = await http.post("/remove-background", json=asked(), headers=headers | ASYNC)

    assert [answer.status_code for answer in together] == [200] * 4
    assert {answer.content for answer in (*together, later)} == {together[0].content}
    assert accepted.json()["job_id"] == later.json()["job_id"]
    assert sorted(works.runs) == ["first:200", "second:200"]


async def test_the_same_key_for_another_request(http: httpx.AsyncClient, works: Works) -> None:
    """The same key with another picture, field or endpoint is 409, and leaves the first job as it is."""
    headers = {"Idempotency-Key": "k"}
    await http.post("/remove-background", json=asked(), headers=headers)
    other_picture = base64.b64encode(picture(shade=90)).decode()

    for path, body in (
        ("/remove-background", asked(image=other_picture)),
        ("/remove-background", asked(output_format="webp")),
        ("/process", {"image": asked()["image"], "bg_models": ["first", "second"]}),
    ):
        answer = await http.post(path, json=body, headers=headers)
        assert answer.status_code == 409
        assert answer.json()["error"]["type"] == "idempotency_conflict"
    assert sorted(works.runs) == ["first:200", "second:200"]


async def test_content_types_say_the_same(http: httpx.AsyncClient) -> None:
    """A request repeated as multipart instead of JSON is the same request."""
    headers = {"Idempotency-Key": "k"}
    first = await http.post("/remove-background", json=asked(), headers=headers)
    second = await http.post(
        "/remove-background",
        files={"image": picture()},
        data={"include_models": "first,second"},
        headers=headers,
    )

    assert second.content == first.content


async def test_keys_that_are_refused(http: httpx.AsyncClient) -> None:
    """An Idempotency-Key is 1 to 255 printable ASCII characters."""
    for key in ("", "x" * 256, "ü", "a\tb"):
        headers = {b"Idempotency-Key": key.encode("latin-1")}
        answer = await http.post("/remove-background", json=asked(), headers=headers)

        assert answer.status_code == 400, key
        assert answer.json()["error"]["details"]["field"] == "Idempotency-Key"


async def test_nothing_is_accepted_that_could_only_fail(http: httpx.AsyncClient, works: Works) -> None:
    """What a waiting caller would be refused for is refused before a job is made: picture, price, address, secret."""
    broken = base64.b64encode(picture()[:60]).decode()
    for body, field in (
        (asked(image=broken), "image"),
        (asked(max_cost_usd=0.1), "max_cost_usd"),
        (asked(webhook_url="ftp://example.com/"), "webhook_url"),
        (asked(webhook_url="https://user:pass@example.com/"), "webhook_url"),
        (asked(webhook_url="https://example.com/", webhook_secret="whsec_!"), "webhook_secret"),
        (asked(webhook_secret=SECRET), "webhook_secret"),
    ):
        answer = await http.post("/remove-background", json=body, headers=ASYNC)
        assert answer.status_code == 400
        assert answer.json()["error"]["details"]["field"] == field
    assert not works.runs
    assert not works.ledger.jobs


async def test_a_job_of_which_every_model_fails(http: httpx.AsyncClient) -> None:
    """A caller who waits gets the contract's 422; the job's own address says failed, with each model's reason."""
    body = asked(include_models=["broken"])
    answer = await http.post("/remove-background", json=body, headers={"Idempotency-Key": "k"})

    assert answer.status_code == 422
    assert answer.json()["error"]["type"] == "processing_error"
    state = (await http.get(f"/jobs/{answer.json()['job_id']}")).json()
    assert state["status"] == "failed"
    assert state["results"][0]["error"] == "out of ink"


async def test_a_job_is_watched(http: httpx.AsyncClient, works: Works) -> None:
    """The events of a job are those of a stream, from its beginning on, and end with its summary."""
    works.models["second"].held = asyncio.Event()
    answer = await http.post("/remove-background", json=asked(), headers=ASYNC)
    watching = asyncio.create_task(http.get(f"{answer.json()['status_url']}/events"))
    running = await until_done(http, answer.json()["status_url"], "first")
    works.models["second"].held.set()
    told = events((await watching).text)

    assert running["status"] == "running"
    assert [name for name, _ in told] == ["started", "finished", "finished", "summary"]
    assert [m["model_id"] for m in told[0][1]["models"]] == ["first", "second"]
    assert [body["model_id"] for _, body in told[1:3]] == ["first", "second"]
    assert (await http.get(told[1][1]["image_url"])).status_code == 200
    assert told[3][1]["status"] == "completed"


async def test_a_stream_may_be_repeated(http: httpx.AsyncClient, works: Works) -> None:
    """A stream under an Idempotency-Key brings the pictures, and brings them again when it is asked for again."""
    headers = {"Idempotency-Key": "k", "Accept": "text/event-stream"}
    first = events((await http.post("/remove-background", json=asked(), headers=headers)).text)
    again = events((await http.post("/remove-background", json=asked(), headers=headers)).text)

    pictures = {body["model_id"]: body["image_base64"] for name, body in first if name == "finished"}
    assert all(base64.b64decode(text).startswith(b"\x89PNG") for text in pictures.values())
    assert pictures == {body["model_id"]: body["image_base64"] for name, body in again if name == "finished"}
    assert sorted(works.runs) == ["first:200", "second:200"]


async def test_a_job_is_recorded_before_it_has_ended(
    http: httpx.AsyncClient, works: Works, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever sees that a job has ended may pick at once: its record is there already."""
    asked_to, may = asyncio.Event(), asyncio.Event()

    async def record(job: JobRecord) -> None:
        asked_to.set()
        await may.wait()
        works.ledger.jobs.append(job)

    monkeypatch.setattr(works.ledger, "record", record)
    url = (await http.post("/remove-background", json=asked(), headers=ASYNC)).json()["status_url"]
    await asyncio.wait_for(asked_to.wait(), HANG_S)
    before = (await http.get(url)).json()["status"]
    may.set()
    after = (await ended(http, url))["status"]

    assert (before, after) == ("running", "completed")
    assert [len(job.results) for job in works.ledger.jobs] == [2]


@pytest.mark.parametrize("back", [True, False])
async def test_a_paid_model_waits_for_the_ledger(
    http: httpx.AsyncClient, works: Works, monkeypatch: pytest.MonkeyPatch, back: bool
) -> None:
    """While the ledger is away nothing is paid, and the job goes on once it is back; else its model says why."""
    calls, reserve = itertools.count(1), works.ledger.reserve

    async def away(*given: Any) -> dict[str, str]:
        if not back or next(calls) < 4:
            raise ServiceUnavailable("away")
        return await reserve(*given)

    monkeypatch.setattr(works.ledger, "reserve", away)
    monkeypatch.setattr(model_steps, "PATIENT_EVERY_S", 0.01)
    monkeypatch.setattr(model_steps, "LEDGER_AWAY_S", HANG_S if back else 0.05)
    url = (await http.post("/remove-background", json=asked(), headers=ASYNC)).json()["status_url"]
    state = await ended(http, url)

    first, second = state["results"]
    assert first["status"] == "success"
    assert (second["status"], len(works.ledger.spent)) == (("success", 1) if back else ("error", 0))
    assert back or "the ledger is away" in second["error"]


async def test_a_job_ends_without_the_ledger(
    http: httpx.AsyncClient, works: Works, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A ledger that is away keeps nobody from his cutouts; the record follows when it is back."""
    recorded = asyncio.Event()

    async def record(job: JobRecord) -> None:
        if (await http.get(f"/jobs/{job.job_id}")).json()["status"] != "completed":
            raise ServiceUnavailable("away")
        recorded.set()

    monkeypatch.setattr(works.ledger, "record", record)
    url = (await http.post("/remove-background", json=asked(), headers=ASYNC)).json()["status_url"]

    assert (await ended(http, url))["status"] == "completed"
    await asyncio.wait_for(recorded.wait(), HANG_S)
    assert "ends before its record: away" in caplog.text


async def until_done(http: httpx.AsyncClient, status_url: str, model_id: str) -> dict[str, Any]:
    """The job once one of its models is done."""
    async with asyncio.timeout(HANG_S):
        while True:
            body: dict[str, Any] = (await http.get(status_url)).json()
            if model_id in [result["model_id"] for result in body["results"]]:
                return body
            await asyncio.sleep(0.05)


async def test_a_job_is_cancelled(http: httpx.AsyncClient, works: Works) -> None:
    """Cancelling stops the models at work, keeps and records what is done, and tells the webhook; once is enough."""
    works.models["second"].held = asyncio.Event()
    async with Receiver() as receiver:
        answer = await http.post("/remove-background", json=asked(webhook_url=receiver.url))
        url = answer.json()["status_url"]
        await until_done(http, url, "first")
        cancelled = (await http.delete(url)).json()
        again = (await http.delete(url)).json()
        await delivered(http, url)

    assert cancelled["status"] == again["status"] == "cancelled"
    assert [result["model_id"] for result in cancelled["results"]] == ["first"]
    assert works.models["second"].cancelled == 1
    assert works.runs == ["first:200"]
    assert (await http.get(cancelled["results"][0]["image_url"])).status_code == 200
    message = json.loads(receiver.messages[0].body)
    assert (message["event"], message["status"]) == ("job_cancelled", "cancelled")
    assert len(receiver.messages) == 1
    assert [len(job.results) for job in works.ledger.jobs] == [1]


async def test_a_queued_job_is_cancelled(tmp_path: Path, database_url: str) -> None:
    """A job that waits for its turn is `queued`, and never begins once it was cancelled."""
    async with working(tmp_path, database_url, concurrency=1) as works, client(works) as http:
        works.models["first"].held = asyncio.Event()
        first = (await http.post("/remove-background", json=asked(), headers=ASYNC)).json()
        await until_done(http, first["status_url"], "second")
        second = (await http.post("/remove-background", json=asked(), headers=ASYNC)).json()
        waiting = (await http.get(second["status_url"])).json()
        cancelled = (await http.delete(second["status_url"])).json()
        works.models["first"].held.set()
        finished = await ended(http, first["status_url"])

    assert (waiting["status"], cancelled["status"], finished["status"]) == ("queued", "cancelled", "completed")
    assert sorted(works.runs) == ["first:200", "second:200"]


async def test_an_ended_job_cannot_be_cancelled(http: httpx.AsyncClient) -> None:
    """Cancelling what has ended changes nothing."""
    answer = await http.post("/remove-background", json=asked(), headers=ASYNC)
    body = await ended(http, answer.json()["status_url"])

    assert (await http.delete(answer.json()["status_url"])).json()["status"] == body["status"] == "completed"


async def test_a_webhook_is_delivered(http: httpx.AsyncClient, works: Works) -> None:
    """The contract's payload, signed both ways, small pictures in it; the attempt is shown, the secret is not."""
    async with Receiver() as receiver:
        body = asked(webhook_url=receiver.url, webhook_secret=SECRET)
        answer = await http.post("/remove-background", json=body)
        state = await delivered(http, answer.json()["status_url"])

    assert answer.status_code == 202
    assert "preference-applied" not in answer.headers
    message = receiver.messages[0]
    payload = Webhook(base64.b64encode(SECRET.encode()).decode()).verify(message.body, message.headers)
    assert list(payload)[:3] == ["event", "job_id", "results"]
    assert payload["event"] == "job_completed"
    assert payload["signature"] == signature(payload, SECRET)
    assert [r["status"] for r in payload["results"]] == ["success", "success"]
    assert base64.b64decode(payload["results"][0]["image_base64"]).startswith(b"\x89PNG")
    assert [a["status"] for a in state["webhook"]["attempts"]] == [204]
    assert SECRET not in json.dumps(state)
    assert len(works.kept.values(SPAN_SECONDS, span="post")) == 1


async def test_large_pictures_are_sent_by_address(tmp_path: Path, jobs: Lasting) -> None:
    """Above `inline_bytes` a webhook has no base64, and addresses that are good."""
    webhook = {"allowed_hosts": ("127.0.0.1",), "inline_bytes": 100}
    async with jobs.working(tmp_path, webhook=webhook) as works, client(works) as http, Receiver() as receiver:
        answer = await http.post("/remove-background", json=asked(webhook_url=receiver.url))
        await delivered(http, answer.json()["status_url"])
        result = json.loads(receiver.messages[0].body)["results"][0]
        shown = await http.get(result["image_url"])

    assert result["image_base64"] is None
    assert shown.content.startswith(b"\x89PNG")


async def test_a_webhook_is_tried_again(http: httpx.AsyncClient) -> None:
    """A receiver that fails is tried again under the same webhook-id until it takes it; each attempt is shown."""
    answers = [
        reply(b"", status="500 Oh"),
        b"",
        reply(b"", "Location: http://10.0.0.1/", status="302 Found"),
        reply(b""),
    ]
    async with Receiver(*answers) as receiver:
        answer = await http.post("/remove-background", json=asked(webhook_url=receiver.url))
        state = await delivered(http, answer.json()["status_url"])

    attempts = state["webhook"]["attempts"]
    assert [attempt["status"] for attempt in attempts] == [500, None, 302, 200]
    assert [attempt["reason"] is None for attempt in attempts] == [False, False, False, True]
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 1


async def test_a_webhook_is_given_up_and_sent_again(http: httpx.AsyncClient) -> None:
    """After the last gap it has failed; a redelivery begins anew under the same id. 410 ends it at once."""
    failing = reply(b"", status="503 Busy")
    async with Receiver(*[failing] * 4, reply(b""), reply(b"", status="410 Gone")) as receiver:
        answer = await http.post("/remove-background", json=asked(webhook_url=receiver.url))
        url = answer.json()["status_url"]
        failed = await delivered(http, url, "failed")
        again = await http.post(f"{url}/webhook")
        good = await delivered(http, url, "delivered")
        await http.post(f"{url}/webhook")
        await receiver.wait_for(6)
        gone = await delivered(http, url, "failed")

    assert [a["status"] for a in failed["webhook"]["attempts"]] == [503] * 4
    assert again.status_code == 202
    assert [a["status"] for a in good["webhook"]["attempts"]] == [503] * 4 + [200]
    assert [a["status"] for a in gone["webhook"]["attempts"]][4:] == [200, 410]
    assert len({message.headers["webhook-id"] for message in receiver.messages}) == 1


async def test_redeliveries_that_are_refused(http: httpx.AsyncClient, works: Works) -> None:
    """Without a webhook there is nothing to send, 400; before the job's end there is nothing to tell, 409."""
    none = (await http.post("/remove-background", json=asked(), headers=ASYNC)).json()
    await ended(http, none["status_url"])
    works.models["first"].held = asyncio.Event()
    async with Receiver() as receiver:
        early = (await http.post("/remove-background", json=asked(webhook_url=receiver.url))).json()
        answers = [await http.post(f"{job['status_url']}/webhook") for job in (none, early)]
        works.models["first"].held.set()
        await delivered(http, early["status_url"])

    assert [answer.status_code for answer in answers] == [400, 409]


async def test_a_webhook_never_goes_inside(tmp_path: Path, jobs: Lasting) -> None:
    """A receiver that leads inside only after its job was accepted is not connected to, and the job shows why."""
    given = {"webhook": {"gaps_s": (0.1,)}}
    async with jobs.working(tmp_path, **given) as works, Receiver() as receiver:
        reg = works.shotgun.registry  # the ingress allows loopback, which the worker does not
        spec = reg.service.jobs.model_copy(update={"webhook": WEBHOOK})
        works.shotgun.registry = reg.model_copy(update={"service": reg.service.model_copy(update={"jobs": spec})})
        async with client(works) as http:
            answer = await http.post("/remove-background", json=asked(webhook_url=receiver.url))
            state = await delivered(http, answer.json()["status_url"], "failed")

    assert state["status"] == "completed"
    assert {a["reason"] for a in state["webhook"]["attempts"]} == {"Its host has no public address"}
    assert receiver.messages == []


async def test_old_jobs_are_swept(http: httpx.AsyncClient, works: Works) -> None:
    """A job that ended longer ago than it is kept is gone with its pictures and its key; a younger one stays."""
    headers = {"Idempotency-Key": "k"}
    old = (await http.post("/remove-background", json=asked(), headers=headers)).json()
    await works.jobs.sweep()
    kept = await http.get(f"/jobs/{old['job_id']}")
    works.jobs._spec = works.jobs._spec.model_copy(update={"keep_s": -5})
    async with asyncio.timeout(HANG_S):
        # The answer is there a moment before the workflow has written that it ended.
        while (gone := await http.get(f"/jobs/{old['job_id']}")).status_code == 200:
            await works.jobs.sweep()
    again = await http.post("/remove-background", json=asked(), headers=headers)

    assert (kept.status_code, gone.status_code) == (200, 404)
    assert again.json()["job_id"] == old["job_id"]
    assert len(works.runs) == 4


bodies = st.fixed_dictionaries(
    {"models": st.sampled_from([["first"], ["second"], ["first", "second"]]), "shade": st.sampled_from([60, 120])}
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["a", "b", "A"]), bodies), min_size=1, max_size=5))
async def test_idempotency(http: httpx.AsyncClient, calls: list[tuple[str, dict[str, Any]]]) -> None:
    """Whatever the order: a key's first request makes its job, an equal one finds it, any other one is 409."""
    first, run = dict[str, tuple[dict[str, Any], str]](), uuid.uuid4()
    for key, body in calls:
        image = base64.b64encode(picture(body["shade"])).decode()
        answer = await http.post(
            "/remove-background",
            json={"image": image, "include_models": body["models"]},
            headers={"Idempotency-Key": f"{run} {key}", **ASYNC},
        )
        known = first.get(key)
        if known is None:
            assert answer.status_code == 202
            first[key] = (body, answer.json()["job_id"])
        elif known[0] == body:
            assert answer.json()["job_id"] == known[1]
        else:
            assert answer.status_code == 409
    assert len({job_id for _, job_id in first.values()}) == len(first)
