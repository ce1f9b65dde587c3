"""POST /upscale as a durable job, through the whole service: all that a job with models has, and no model runs."""

import asyncio
import base64
import io
import json
from collections.abc import AsyncIterator
from math import isqrt
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image
from standardwebhooks import Webhook

from cutout.accounts.rate_limit import JobSlot
from cutout.errors import CutoutError, ModelCrashed, ServiceUnavailable
from cutout.limits import LimitsSpec
from cutout.results import Upscaled
from serve_app import contract
from serve_app.contract.webhook_signature import signature
from serve_app.jobs.execution import workflows
from serve_app.jobs.state import ORDER
from tests.support.durable_jobs import Works, client, picture
from tests.support.lasting_jobs import Lasting
from tests.support.patience import HANG_S
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.anyio
ASYNC = {"Prefer": "respond-async"}
KEY = {"Idempotency-Key": "order 7"}
SECRET = "a secret of thirty bytes or so"
BODY: dict[str, Any] = {"image": base64.b64encode(picture()).decode(), "scale_factor": 2}
ACCESS = {"tiers": {"default": {"requests_per_minute": 10_000, "concurrent_jobs": 2}}}
WRITTEN_BEFORE: dict[str, Any] = {
    "job_id": "3f0c1d52-6f0e-4b43-9d1f-2f0a8f0f6f11",
    "created_at": 1764412345.5,
    "key": None,
    "fingerprint": "ab" * 32,
    "asked": ["all"],
    "models": ["first"],
    "skipped": {"broken": "no ink"},
    "picture": "input",
    "size": {"width": 24, "height": 24},
    "output_format": "png",
    "factor": 2,
    "deadline_s": None,
    "base_url": "http://service.test",
    "place": {"who": "anonymous", "id": "1"},
    "finish": None,
    "transparency": "intersect_alpha",
    "webhook_url": None,
    "sealed_secret": None,
    "webhook_secret": None,
}
"""An order in the database, in the words of the version before upscales could be jobs."""


@pytest.fixture
async def works(tmp_path: Path, sqlite_jobs: Lasting) -> AsyncIterator[Works]:
    """A worker whose callers may have two jobs at a time."""
    async with sqlite_jobs.working(tmp_path, access=ACCESS) as works:
        yield works


@pytest.fixture
async def http(works: Works) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of the whole service."""
    async with client(works) as http:
        yield http


async def ended(http: httpx.AsyncClient, job_id: str, *, told: bool = False) -> dict[str, Any]:
    """The job once it has ended; with `told`, once its webhook is delivered."""
    async with asyncio.timeout(HANG_S):
        while True:
            body: dict[str, Any] = (await http.get(f"/jobs/{job_id}")).json()
            delivery = (body["webhook"] or {}).get("status")
            if body["status"] not in ("queued", "running") and (not told or delivery == "delivered"):
                return body
            await asyncio.sleep(0.02)


def sizes(*files: bytes) -> set[tuple[int, int]]:
    return {Image.open(io.BytesIO(file)).size for file in files}


def failing(works: Works, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Have every upscale fail so."""

    async def fail(*_: object) -> Upscaled:
        raise error

    monkeypatch.setattr(works.upscaler, "upscale_picture", fail)


async def test_accepted_then_read(http: httpx.AsyncClient, works: Works) -> None:
    """202 at once, then the picture by its address; no model runs, nothing is recorded, the input is not kept."""
    answer = await http.post("/upscale", json=BODY, headers=ASYNC)
    body = await ended(http, answer.json()["job_id"])

    contract.AcceptedBody.model_validate(answer.json())
    assert (answer.status_code, answer.headers["location"]) == (202, answer.json()["status_url"])
    assert int(answer.headers["x-ratelimit-remaining"]) == 9_999
    contract.JobStateBody.model_validate(body)
    assert (body["status"], body["models"], body["total_cost_usd"]) == ("completed", [], 0.0)
    [result] = body["results"]
    contract.UpscaleResult.model_validate(result)
    assert result["output_dimensions"] == {"width": 48, "height": 48}
    shown = await http.get(result["image_url"])
    assert (shown.headers["content-type"], sizes(shown.content)) == ("image/png", {(48, 48)})
    folder = works.folder / "pictures" / body["job_id"]
    assert [file.name for file in folder.iterdir()] == ["upscaled.png"]
    assert (works.runs, works.ledger.jobs, works.ledger.reserved) == ([], [], [])


async def test_its_webhook_has_the_picture_and_is_signed(http: httpx.AsyncClient) -> None:
    """The end is told with the picture, signed in both ways; webhook_url alone makes the answer 202."""
    async with Receiver() as receiver:
        fields = {"webhook_url": receiver.url, "webhook_secret": SECRET, "scale_factor": 4, "output_format": "webp"}
        answer = await http.post("/upscale", json={**BODY, **fields})
        [message] = await receiver.wait_for(1)
        state = await ended(http, answer.json()["job_id"], told=True)

    told = json.loads(message.body)
    contract.WebhookBody.model_validate(told)
    assert (answer.status_code, told["event"], told["job_id"]) == (202, "job_completed", state["job_id"])
    assert sizes(base64.b64decode(told["results"][0]["image_base64"])) == {(96, 96)}
    assert told["signature"] == signature({k: v for k, v in told.items() if k != "signature"}, SECRET)
    Webhook(base64.b64encode(SECRET.encode()).decode()).verify(message.body, message.headers)
    assert SECRET not in json.dumps(state)


async def test_the_same_key_is_the_same_job(http: httpx.AsyncClient, works: Works) -> None:
    """Repeated under its key, as JSON or multipart, it is done once; as a picture, too. Another factor is 409."""
    first = await http.post("/upscale", json=BODY, headers=KEY)
    files = {"image": picture()}
    again = await http.post("/upscale", files=files, data={"scale_factor": "2"}, headers=KEY)
    shown = await http.post("/upscale", json=BODY, headers=KEY | {"Accept": "image/png"})
    other = await http.post("/upscale", json={**BODY, "scale_factor": 4}, headers=KEY)

    assert first.status_code == 200
    assert first.content == again.content
    assert shown.headers["x-job-id"] == first.json()["job_id"]
    assert shown.content == base64.b64decode(first.json()["image_base64"])
    assert (other.status_code, other.json()["error"]["type"]) == (409, "idempotency_conflict")
    assert works.upscaler.upscales == 1


async def test_a_picture_by_its_address(http: httpx.AsyncClient) -> None:
    """`response_format` gives the picture, its address, or both, in the contract's answer; it is the same picture."""
    plain = (await http.post("/upscale", json=BODY)).json()
    for response_format in ("base64", "url", "both"):
        headers = {"Idempotency-Key": response_format}
        body = (await http.post("/upscale", json={**BODY, "response_format": response_format}, headers=headers)).json()

        contract.UpscaleBody.model_validate(body)
        assert plain.keys() <= body.keys()
        text, address = body["image_base64"], body.get("image_url")
        assert (text is not None, address is not None) == (response_format != "url", response_format != "base64")
        assert text in (None, plain["image_base64"])
        assert address is None or (await http.get(address)).content == base64.b64decode(plain["image_base64"])


@pytest.mark.parametrize(
    ("error", "status"),
    [(ModelCrashed("out of ink"), 422), (ServiceUnavailable("no room"), 503), (RuntimeError("secret"), 500)],
)
async def test_a_failure_is_told(
    http: httpx.AsyncClient, works: Works, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int
) -> None:
    """Who waits gets the error that he would get without a job, and its job; others by state, events and webhook."""
    failing(works, monkeypatch, error)
    async with Receiver() as receiver:
        waited = await http.post("/upscale", json=BODY, headers=KEY)
        later = await http.post("/upscale", json={**BODY, "webhook_url": receiver.url})
        state = await ended(http, later.json()["job_id"], told=True)
        told = json.loads(receiver.messages[0].body)
    events = (await http.get(f"/jobs/{state['job_id']}/events")).text

    contract.FailedUpscaleBody.model_validate(waited.json())
    assert waited.status_code == status
    message = error.message if isinstance(error, CutoutError) else "The service failed; its log has the reason"
    assert waited.json()["error"]["message"] == state["results"][0]["error"] == message
    assert (state["status"], state["results"][0]["status"], told["event"]) == ("failed", "error", "job_failed")
    assert [line for line in events.split("\n") if line.startswith("event")] == [
        "event: started", "event: failed", "event: summary",
    ]  # fmt: skip


async def test_it_may_be_cancelled(http: httpx.AsyncClient, works: Works) -> None:
    """A job at work is cancelled: its webhook says so, and whoever waits for it gets an error that does."""
    works.upscaler.held = asyncio.Event()
    async with Receiver() as receiver:
        answer = await http.post("/upscale", json={**BODY, "webhook_url": receiver.url}, headers=KEY)
        waiting = asyncio.create_task(http.get(f"/jobs/{answer.json()['job_id']}/events"))
        body = (await http.delete(f"/jobs/{answer.json()['job_id']}")).json()
        [message] = await receiver.wait_for(1)

    assert (body["status"], body["results"]) == ("cancelled", [])
    assert json.loads(message.body)["event"] == "job_cancelled"
    assert "event: summary" in (await waiting).text


async def test_it_has_its_callers_slot(http: httpx.AsyncClient, works: Works) -> None:
    """A job that is answered later is one of its caller's jobs at a time, as any other, until it has ended."""
    works.upscaler.held = asyncio.Event()
    first, second = [await http.post("/upscale", json=BODY, headers=ASYNC) for _ in range(2)]
    refused = await http.post("/upscale", json=BODY, headers=ASYNC)
    works.upscaler.held.set()
    for answer in (first, second):
        await ended(http, answer.json()["job_id"])
    fourth = await http.post("/upscale", json=BODY, headers=ASYNC)

    assert [a.status_code for a in (first, second, refused, fourth)] == [202, 202, 429, 202]


def noise(side: int) -> bytes:
    """A JPEG of as many bytes as a photograph has."""
    out = io.BytesIO()
    Image.effect_noise((side, side), 30).save(out, "JPEG", quality=50)
    return out.getvalue()


LARGE = base64.b64encode(noise(isqrt(LimitsSpec().output_px) // 4 + 1)).decode()
REFUSED: list[tuple[dict[str, Any], dict[str, str], int, str]] = [
    ({"webhook_secret": SECRET}, {}, 400, "webhook_secret"),
    ({"webhook_url": "ftp://example.com/"}, {}, 400, "webhook_url"),
    ({"webhook_url": "http://10.0.0.1/"}, {}, 400, "webhook_url"),
    ({"include_models": ["first"]}, ASYNC, 400, "include_models"),
    ({"max_cost_usd": 0}, ASYNC, 400, "max_cost_usd"),
    ({"crop": True}, ASYNC, 400, "crop"),
    ({"pick": "first"}, ASYNC, 400, "pick"),
    ({"image": BODY["image"][:80]}, ASYNC, 400, "image"),
    ({"output_format": "jpeg"}, ASYNC, 400, "output_format"),
    ({"response_format": "url"}, {"Accept": "image/png"}, 400, "response_format"),
    ({}, {"Idempotency-Key": ""}, 400, "Idempotency-Key"),
    ({"image": LARGE, "scale_factor": 4}, ASYNC, 413, "scale_factor"),
]
"""Fields, headers, and the status and the field that the answer names."""


async def test_what_does_not_apply_is_refused_by_name(http: httpx.AsyncClient, works: Works) -> None:
    """Nothing is accepted that could only fail, and no field of another endpoint is dropped."""
    for fields, headers, status, field in REFUSED:
        answer = await http.post("/upscale", json={**BODY, **fields}, headers=headers)

        assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (status, field)
    assert works.upscaler.upscales == 0


async def test_it_has_no_cutout_to_compose(http: httpx.AsyncClient) -> None:
    """Another finish is for cutouts; of an upscale it is 404, with the reason."""
    job_id = (await http.post("/upscale", json=BODY, headers=KEY)).json()["job_id"]
    answer = await http.post(f"/jobs/{job_id}/compose", json={"crop": True})

    assert (answer.status_code, answer.json()["error"]["message"]) == (404, "This job has no cutout")


async def test_an_order_of_the_version_before(http: httpx.AsyncClient, works: Works) -> None:
    """A job that was accepted before the service was upgraded is done after it, and read as ever."""
    job_id = WRITTEN_BEFORE["job_id"]
    await works.store.put(job_id, "input", picture())
    await workflows.keep(job_id, WRITTEN_BEFORE, None)
    body = await ended(http, job_id)

    assert (body["status"], body["models"], body["skipped"]) == ("completed", ["first"], {"broken": "no ink"})
    assert ORDER.validate_python(WRITTEN_BEFORE).slot == JobSlot("anonymous", "1")
    assert body["results"][0]["output_dimensions"] == {"width": 48, "height": 48}
