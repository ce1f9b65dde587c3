"""Another finish for a finished job: its mattes are used again, and no model runs."""

import asyncio
import base64
import io
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from cutout.accounts.keys import KeyRing, make_key
from deployments.ledger import DatabaseLedger
from serve_app import contract
from serve_app.storage.pictures import SUFFIX
from tests.cutout.pixels.test_density import said
from tests.serve_app.endpoints.test_process import opened
from tests.support.durable_jobs import Works, client, picture
from tests.support.lasting_jobs import Lasting
from tests.support.patience import HANG_S

pytestmark = pytest.mark.anyio
RAW = {"content-type": "image/png"}
TWO = {"include_models": "first,second"}


class Service:
    """The whole service without Ray, its durable jobs included."""

    def __init__(self, works: Works, ledger: DatabaseLedger) -> None:
        self.works, self.ledger = works, ledger

    def client(self, keys: KeyRing | None = None, key: str = "") -> httpx.AsyncClient:
        return client(self.works, keys, key, ledger=self.ledger)


@pytest.fixture
async def service(tmp_path: Path, sqlite_jobs: Lasting) -> AsyncIterator[Service]:
    """Two models that work and one that fails."""
    ledger = DatabaseLedger(f"sqlite:///{tmp_path}/picks.sqlite", lease_s=60)
    await ledger.start()
    async with sqlite_jobs.working(tmp_path, compose_s=600) as works:
        yield Service(works, ledger)
    await ledger.close()


@pytest.fixture
async def http(service: Service) -> AsyncIterator[httpx.AsyncClient]:
    """A caller."""
    async with service.client() as http:
        yield http


async def posted(http: httpx.AsyncClient, path: str = "/remove-background", **params: Any) -> str:
    """A job's id once it is done."""
    headers = RAW | params.pop("headers", {})
    params = params or TWO
    response = await http.post(path, content=picture(), params=params, headers=headers)
    assert response.status_code in (200, 202), response.text
    if response.headers["content-type"].startswith("image/"):
        return response.headers["x-job-id"]
    job_id: str = response.json()["job_id"]
    async with asyncio.timeout(HANG_S):
        while response.status_code == 202 and (await http.get(f"/jobs/{job_id}")).json()["status"] in (
            "queued",
            "running",
        ):
            await asyncio.sleep(0.05)
    return job_id


async def composed(http: httpx.AsyncClient, job_id: str, accept: str = "", **fields: Any) -> httpx.Response:
    return await http.post(f"/jobs/{job_id}/compose", json=fields, headers={"accept": accept})


@pytest.mark.parametrize(
    "way",
    [
        {}, {"headers": {"prefer": "respond-async"}}, {"headers": {"idempotency-key": "one"}},
        {"output_format": "webp", "background": "white", "crop": "true", **TWO},
        {"output_format": "webp", "background": "white", "headers": {"prefer": "respond-async"}, **TWO},
        {"include_models": "first,second", "output_type": "mask", "headers": {"idempotency-key": "two"}},
    ],
    ids=["waited", "async", "repeatable", "waited with a finish", "async with a finish", "repeatable mask"],
)  # fmt: skip
async def test_a_finished_job_gets_another_finish(
    service: Service, http: httpx.AsyncClient, way: dict[str, Any]
) -> None:
    """Whatever way a job was made and finished, its whole cutouts give another finish; nothing runs or is paid."""
    job_id = await posted(http, **way)
    runs, spent = service.works.runs, len(service.works.ledger.spent)

    plain = await composed(http, job_id)
    blue = await composed(http, job_id, background="#0000ff", output_format="webp")

    body = plain.json()
    contract.RemoveBody.model_validate(body)
    assert [r["model_id"] for r in body["results"]] == ["first", "second"]
    assert (body["job_id"], body["status"], body["total_cost_usd"]) == (job_id, "completed", 0.0)
    fresh = opened((await http.post("/remove-background", content=picture(), params={"include_models": "first"},
                                    headers=RAW)).json()["results"][0]["image_base64"])  # fmt: skip
    cutout = opened(body["results"][0]["image_base64"])
    np.testing.assert_array_equal(cutout, fresh)
    laid = opened(blue.json()["results"][1]["image_base64"]).astype(int)
    alpha = cutout[..., 3:] / 255
    assert np.abs(laid[..., :3] - (cutout[..., :3] * alpha + np.array([0, 0, 255]) * (1 - alpha))).mean() < 8
    assert service.works.runs[: len(runs)] == runs
    assert len(service.works.runs) == len(runs) + 1  # the fresh one
    assert len(service.works.ledger.spent) == spent


async def test_an_enlarged_job(http: httpx.AsyncClient) -> None:
    """What was enlarged is composed at its size, in the form of POST /process, the crop as it would have been."""
    job_id = await posted(http, "/process", bg_models="first", upscale_factor=2)
    now = await http.post(
        "/process", content=picture(), headers=RAW | {"accept": "image/png"},
        params={"bg_models": "first", "upscale_factor": 2, "crop": True, "crop_margin": "10%", "background": "red"},
    )  # fmt: skip

    later = await composed(http, job_id, crop=True, crop_margin="10%", background="red")

    contract.ProcessBody.model_validate(later.json())
    [result] = later.json()["results"]
    assert base64.b64decode(result["image_base64"]) == now.content
    assert said(now.content) == pytest.approx((600, 600), abs=0.02)
    assert "{left} {top} {width} {height}".format(**result["box"]) == now.headers["x-cutout-box"]


async def test_one_picture_and_an_archive(http: httpx.AsyncClient) -> None:
    """Accept works as for a new job; one picture of several models is refused."""
    job_id = await posted(http)

    one = await composed(http, job_id, "image/jpeg", include_models=["second"], background="black")
    several = await composed(http, job_id, "image/png")
    archive = await composed(http, job_id, "application/zip", output_type="both")

    assert (one.headers["content-type"], one.headers["x-cutout-model"]) == ("image/jpeg", "second")
    assert one.headers["x-cutout-cost-usd"] == "0.000000"
    assert Image.open(io.BytesIO(one.content)).size == (24, 24)
    assert (several.status_code, several.json()["error"]["details"]["field"]) == (400, "pick")
    names = zipfile.ZipFile(io.BytesIO(archive.content)).namelist()
    assert sorted(names) == ["first.mask.png", "first.png", "results.json", "second.mask.png", "second.png"]


async def test_a_part_as_background(http: httpx.AsyncClient) -> None:
    """Multipart brings a background's picture as a file."""
    job_id = await posted(http)

    answer = await http.post(
        f"/jobs/{job_id}/compose", files={"background": picture(90)}, data={"include_models": "first"},
        headers={"accept": "image/png"},
    )  # fmt: skip

    assert Image.open(io.BytesIO(answer.content)).mode == "RGB"


async def test_it_is_documented(http: httpx.AsyncClient) -> None:
    """/openapi.json has the endpoint: its form, every form of its answer, and the headers of a picture."""
    described = (await http.get("/openapi.json")).json()["paths"]["/jobs/{job_id}/compose"]["post"]

    assert {"application/json", "multipart/form-data"} == described["requestBody"]["content"].keys()
    assert {"application/json", "application/zip", "image/jpeg"} <= described["responses"]["200"]["content"].keys()
    assert "X-Cutout-Model" in described["responses"]["200"]["headers"]
    assert {"400", "404", "409", "503"} <= described["responses"].keys()


async def test_what_is_not_there(service: Service, http: httpx.AsyncClient) -> None:
    """An unknown job, a model without a cutout, a job that was swept and one too old are 404 or 400, in a sentence."""
    job_id = await posted(http)
    folder = service.works.folder / "pictures" / job_id
    kept = sorted(file.name for file in folder.iterdir())

    unknown = await composed(http, "no-job")
    nobody = await composed(http, "00000000-0000-4000-8000-000000000000")
    broken = await composed(http, job_id, include_models=["broken"])
    await service.works.store.sweep(-5, SUFFIX)
    swept = await composed(http, job_id)

    assert kept == ["first.kept", "input.file.kept", "job.card.kept", "second.kept"]
    assert not folder.exists()
    assert (unknown.status_code, nobody.status_code, swept.status_code) == (404, 404, 404)
    assert "its cutouts are no longer kept; they are for 600 s" in swept.json()["error"]["message"]
    assert (broken.status_code, broken.json()["error"]["details"]["field"]) == (400, "include_models")


async def test_another_keys_job(service: Service, tmp_path: Path) -> None:
    """With API keys, a job is there for the key that made it and for nobody else, durable or not."""
    (mine, my_record), (theirs, their_record) = make_key("me"), make_key("them")
    ring = KeyRing(tmp_path / "keys.json")
    ring.add(my_record)
    ring.add(their_record)
    async with service.client(ring, mine) as me, service.client(ring, theirs) as them:
        for headers in ({}, {"prefer": "respond-async"}):
            job_id = await posted(me, headers=headers)
            assert (await composed(me, job_id)).status_code == 200
            assert (await composed(them, job_id)).status_code == 404


async def test_a_job_that_has_not_ended(service: Service, http: httpx.AsyncClient) -> None:
    """While a job is at work there is nothing to compose yet: 409."""
    service.works.models["first"].held = asyncio.Event()
    answer = await http.post("/remove-background", content=picture(), headers=RAW | {"prefer": "respond-async"})
    job_id = answer.json()["job_id"]

    early = await composed(http, job_id)
    service.works.models["first"].held.set()

    assert (early.status_code, early.json()["error"]["type"]) == (409, "conflict")


REASONS = {"refuses": "The picture store", "hangs": "the store took longer than 0.01 s"}


@pytest.mark.parametrize("how", REASONS)
async def test_a_store_that_is_away_harms_no_answer(
    service: Service,
    http: httpx.AsyncClient,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    """When cutouts cannot be kept the answer is the same, the log says why, and compose that they are not there."""
    if how == "refuses":
        folder = service.works.folder / "pictures"
        folder.rmdir()
        folder.write_text("no folder")
    else:
        monkeypatch.setattr("serve_app.storage.cutout_cache.PUT_S", 0.01)
        monkeypatch.setattr(service.works.store, "put", lambda *_: asyncio.Event().wait())

    job_id = await posted(http)

    assert f"could not be kept: {REASONS[how]}" in caplog.text
    assert (await composed(http, job_id)).status_code in (404, 503)


async def test_a_durable_job_as_one_picture(service: Service, http: httpx.AsyncClient) -> None:
    """A request with an Idempotency-Key answers with the picture, too, and repeated with the same one."""
    headers = RAW | {"idempotency-key": "k", "accept": "image/webp"}
    params = {"include_models": "second", "background": "#123456"}

    first = await http.post("/remove-background", content=picture(), params=params, headers=headers)
    again = await http.post("/remove-background", content=picture(), params=params, headers=headers)
    other = await http.post(
        "/remove-background", content=picture(), params=params | {"background": "#123457"}, headers=headers
    )
    archive = await http.post(
        "/remove-background", content=picture(), params=params | {"output_format": "webp"},
        headers=headers | {"accept": "application/zip"},
    )  # fmt: skip

    assert (first.status_code, first.headers["content-type"]) == (200, "image/webp")
    assert first.headers["x-cutout-cost-usd"] == "0.250000"
    assert again.content == first.content
    assert other.status_code == 409
    assert zipfile.ZipFile(io.BytesIO(archive.content)).read("second.webp") == first.content
    assert service.works.runs == ["second:200"]


async def test_a_repeated_request_for_one_picture_of_several(http: httpx.AsyncClient) -> None:
    """Several models under an Idempotency-Key are refused as one picture, whether the job is there already or not."""
    headers = RAW | {"idempotency-key": "k"}

    before = await http.post("/remove-background", content=picture(), headers=headers | {"accept": "image/png"})
    made = await http.post("/remove-background", content=picture(), headers=headers)
    after = await http.post("/remove-background", content=picture(), headers=headers | {"accept": "image/png"})

    assert [answer.status_code for answer in (before, made, after)] == [400, 200, 400]
    assert after.json()["error"]["details"]["field"] == "pick"


async def test_a_durable_background_by_address(service: Service, http: httpx.AsyncClient) -> None:
    """A durable job keeps its background's picture until it ends, its own for longer; its mask has an address."""
    job_id = await posted(
        http, headers={"prefer": "respond-async"}, include_models="first", output_type="both",
        background="data:image/png;base64," + base64.b64encode(picture(90)).decode(),
    )  # fmt: skip

    [result] = (await http.get(f"/jobs/{job_id}")).json()["results"]

    names = sorted(file.name for file in (service.works.folder / "pictures" / job_id).iterdir())
    assert [name.split("_")[0] for name in names] == [
        "first.mask.png", "first.png", "first.whole.png", "input", "thumbnail.small.webp",
    ]  # fmt: skip
    mask = await http.get(result["mask_url"])
    assert Image.open(io.BytesIO(mask.content)).mode == "L"
    assert Image.open(io.BytesIO((await http.get(result["image_url"])).content)).mode == "RGB"


async def test_a_kept_cutout_that_is_too_large_is_refused(
    service: Service, http: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be whole in memory, as an enlargement in strips never was: 413, before it is read."""
    job_id, shotgun = await posted(http, "/process", bg_models="first"), service.works.shotgun
    limits = shotgun.registry.service.limits.model_copy(update={"output_whole_px": 100})
    monkeypatch.setattr(shotgun.second_stage, "_limits", limits)

    response = await http.post(f"/jobs/{job_id}/compose", json={})

    assert response.status_code == 413
    assert "at most 100 are made" in response.json()["error"]["message"]
