"""A cutout that was mended by hand: made of the caller's matte, kept with its job, composed and picked like another."""

import asyncio
import base64
import io
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from cutout.accounts.keys import KeyRing, make_key
from serve_app import contract
from serve_app.storage.pictures import SUFFIX
from tests.serve_app.endpoints.test_compose import Service, composed, http, posted, service
from tests.serve_app.endpoints.test_process import opened
from tests.support.durable_jobs import client, picture, working
from tests.support.job_records import job

pytestmark = pytest.mark.anyio
__all__ = ["http", "service"]
WAYS: dict[str, dict[str, Any]] = {"waited": {}, "durable": {"headers": {"prefer": "respond-async"}}}


def painted(side: int = 24) -> bytes:
    """A mask: the left half is the subject, with a soft column at its edge."""
    matte = np.zeros((side, side), np.uint8)
    matte[:, : side // 2] = 255
    matte[:, side // 2] = 128
    return grey(matte)


def grey(matte: Any) -> bytes:
    out = io.BytesIO()
    Image.fromarray(matte).save(out, "PNG")
    return out.getvalue()


async def edited(
    http: httpx.AsyncClient, job_id: str, mask: bytes | None = None, model_id: str = "first", accept: str = ""
) -> httpx.Response:
    files = {"mask": painted() if mask is None else mask}
    headers = {"accept": accept}
    return await http.post(f"/jobs/{job_id}/edit", files=files, data={"model_id": model_id}, headers=headers)


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
async def test_a_mended_cutout(service: Service, http: httpx.AsyncClient, way: dict[str, Any]) -> None:
    """It has the mask's alpha and the picture's colours; compose knows it, alone and among all; no model runs."""
    job_id = await posted(http, **way)
    runs = service.works.runs

    answer = await edited(http, job_id)

    contract.RemoveBody.model_validate(answer.json())
    [result] = answer.json()["results"]
    assert (answer.json()["status"], result["model_id"], result["edited_from"]) == ("completed", "edited", "first")
    assert (result["model_name"], result["licence"], result["cost_usd"]) == ("First, edited", "MIT", 0.0)
    cutout = opened(result["image_base64"])
    sent = np.asarray(Image.open(io.BytesIO(picture())))
    np.testing.assert_array_equal(cutout[..., 3], np.asarray(Image.open(io.BytesIO(painted()))))
    np.testing.assert_array_equal(cutout[:, :12, :3], sent[:, :12])
    assert result["box"] == {"left": 0, "top": 0, "width": 13, "height": 24}
    alone = await composed(http, job_id, "image/png", include_models=["edited"])
    assert alone.headers["x-cutout-model"] == "edited"
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(alone.content))), cutout)
    everything = (await composed(http, job_id, background="red")).json()["results"]
    assert [one["model_id"] for one in everything] == ["first", "second", "edited"]
    assert service.works.runs == runs


async def test_a_durable_job_shows_it(http: httpx.AsyncClient) -> None:
    """It is a result of GET /jobs/{job_id}, with an address of its own; the job's status and cost are as before."""
    job_id = await posted(http, headers={"prefer": "respond-async"}, include_models="first", output_type="both")
    await edited(http, job_id)

    body = (await http.get(f"/jobs/{job_id}")).json()

    contract.JobStateBody.model_validate(body)
    first, mended = body["results"]
    assert (body["status"], body["models"], first["model_id"]) == ("completed", ["first"], "first")
    assert (mended["model_id"], mended["edited_from"]) == ("edited", "first")
    file = await http.get(mended["image_url"])
    assert (file.headers["content-type"], Image.open(io.BytesIO(file.content)).mode) == ("image/png", "RGBA")


async def test_another_edit_replaces_it(http: httpx.AsyncClient) -> None:
    """An edit may be mended again; it stays that of the model that made the cutout."""
    job_id = await posted(http)
    await edited(http, job_id, model_id="second")

    again = await edited(http, job_id, grey(np.full((24, 24), 255, np.uint8)), "edited", accept="image/webp")

    assert (again.headers["content-type"], again.headers["x-cutout-model"]) == ("image/webp", "edited")
    kept = (await composed(http, job_id, include_models=["edited"])).json()["results"][0]
    assert kept["edited_from"] == "second"
    assert (opened(kept["image_base64"])[..., 3] == 255).all()


async def test_an_enlarged_job(http: httpx.AsyncClient) -> None:
    """The mask has the size of the picture that was sent; the edit is enlarged as the job's cutouts are."""
    job_id = await posted(http, "/process", bg_models="first", upscale_factor=2)

    answer = await edited(http, job_id)

    contract.ProcessBody.model_validate(answer.json())
    [result] = answer.json()["results"]
    assert result["output_dimensions"] == {"width": 48, "height": 48}
    assert opened(result["image_base64"]).shape == (48, 48, 4)
    assert (await composed(http, job_id, crop=True)).status_code == 200


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
async def test_its_pick_is_the_models(service: Service, http: httpx.AsyncClient, way: dict[str, Any]) -> None:
    """A pick of `edited` counts for the model that was mended, and the export marks it; the next pick replaces both."""
    job_id = await posted(http, **way)
    await service.ledger.record(replace(job("first", "second"), job_id=job_id, key_id=None))
    pick = {"job_id": job_id, "selected_model_id": "edited"}
    early = await http.post("/log-selection", json=pick)
    await edited(http, job_id, model_id="second")

    logged = await http.post("/log-selection", json=pick)

    [row] = (await http.get("/selections/export?format=json")).json()
    assert (row["selected_model_id"], row["edited"], logged.status_code) == ("second", True, 200)
    assert "edited" in (await http.get("/selections/export")).text.splitlines()[0]
    stats = (await http.get("/selections/stats")).json()["total"]["models"]
    assert {one["model_id"]: one["picks"] for one in stats} == {"first": 0, "second": 1}
    assert early.json()["error"]["details"]["field"] == "selected_model_id"
    assert "has no edited cutout" in early.json()["error"]["message"]
    await http.post("/log-selection", json={**pick, "selected_model_id": "first"})
    [row] = (await http.get("/selections/export?format=json")).json()
    assert (row["selected_model_id"], row["edited"]) == ("first", False)


BAD: tuple[tuple[dict[str, Any], str, str], ...] = (
    ({"model_id": "broken"}, "model_id", "a cutout of this job is expected: first, second"),
    ({"model_id": "edited"}, "model_id", "a cutout of this job is expected: first, second"),
    ({"model_id": ""}, "model_id", "Field required"),
    ({"mask": painted(25)}, "mask", "mask: 24x24 pixels expected, as the picture has, not 25x25"),
    ({"mask": picture()}, "mask", "mask: a grey PNG of 8 bits a sample expected, not RGB of 8 bits"),
    ({"mask": painted()[:60]}, "mask", "Image is damaged or incomplete"),
    ({"mask": b"GIF89a"}, "mask", "mask: a grey PNG of 8 bits a sample expected"),
)
"""Fields, the one that is refused, and words of the reason."""


async def test_bad_input(http: httpx.AsyncClient) -> None:
    """Each is 400 with its field and one sentence."""
    job_id = await posted(http)
    for fields, field, words in BAD:
        answer = await edited(http, job_id, **fields)

        error = answer.json()["error"]
        assert (answer.status_code, error["details"]["field"]) == (400, field), fields
        assert words in error["message"]


async def test_as_json(http: httpx.AsyncClient) -> None:
    """The mask may be base64 in JSON; a field that does not exist, or a missing mask, is named."""
    job_id = await posted(http)
    path, mask = f"/jobs/{job_id}/edit", "data:image/png;base64," + base64.b64encode(painted()).decode()

    good = await http.post(path, json={"model_id": "first", "mask": mask})
    odd = await http.post(path, json={"model_id": "first", "mask": mask, "matte": mask})
    none = await http.post(path, json={"model_id": "first"})
    jpeg = await http.post(path, json={"model_id": "first", "mask": mask}, headers={"accept": "image/jpeg"})

    assert good.status_code == 200
    assert odd.json()["error"]["message"] == "matte is not a field of this request"
    assert none.json()["error"]["details"]["field"] == "mask"
    assert jpeg.json()["error"]["details"]["field"] == "output_format"


async def test_what_is_not_there(service: Service, http: httpx.AsyncClient) -> None:
    """An unknown job, one that was swept, and one whose picture is gone are 404; one that has not ended is 409."""
    for way in WAYS.values():
        job_id = await posted(http, **way)
        [sent] = (service.works.folder / "pictures" / job_id).glob("input*")
        sent.unlink()
        gone = await edited(http, job_id)
        assert (gone.status_code, gone.json()["error"]["message"].split(",")[0]) == (
            404, "The picture of this job is no longer stored",
        )  # fmt: skip
    swept = await posted(http)
    await service.works.store.sweep(-5, SUFFIX)
    unknown = [await edited(http, name) for name in ("no-job", "00000000-0000-4000-8000-000000000000", swept)]
    assert [answer.status_code for answer in unknown] == [404] * 3

    service.works.models["first"].held = asyncio.Event()
    running = await http.post(
        "/remove-background", content=picture(), headers={"content-type": "image/png", "prefer": "respond-async"}
    )
    early = await edited(http, running.json()["job_id"])
    service.works.models["first"].held.set()
    assert early.status_code == 409


async def test_another_keys_job(service: Service, tmp_path: Path) -> None:
    """Only the key that made a job may mend it."""
    (mine, my_record), (theirs, their_record) = make_key("me"), make_key("them")
    ring = KeyRing(tmp_path / "keys.json")
    ring.add(my_record)
    ring.add(their_record)
    async with service.client(ring, mine) as me, service.client(ring, theirs) as them:
        job_id = await posted(me)

        assert (await edited(them, job_id)).status_code == 404
        assert (await edited(me, job_id)).status_code == 200


async def test_a_transparent_picture(http: httpx.AsyncClient) -> None:
    """An edit never shows what was transparent when it was sent, unless the job discarded that transparency."""
    seen = np.zeros((24, 24, 4), np.uint8)
    seen[:, :18] = (200, 100, 50, 255)
    files = {"image": grey(seen)}
    alphas = []
    for handling in ("intersect_alpha", "discard_alpha_layer"):
        data = {"include_models": "first", "transparency_handling": handling}
        job_id = (await http.post("/remove-background", files=files, data=data)).json()["job_id"]
        answer = await edited(http, job_id, grey(np.full((24, 24), 255, np.uint8)))
        alphas.append(opened(answer.json()["results"][0]["image_base64"])[..., 3])

    assert (alphas[0][:, :18] == 255).all()
    assert not alphas[0][:, 18:].any()
    assert (alphas[1] == 255).all()


@pytest.fixture
async def forgetful(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A caller of a service that stores no picture beyond its job."""
    async with working(tmp_path, f"sqlite:///{tmp_path}/jobs.sqlite", compose_s=0) as works, client(works) as http:
        yield http


async def test_a_service_that_stores_nothing(forgetful: httpx.AsyncClient) -> None:
    """With `jobs.compose_s` 0 no picture outlives its job, so nothing can be mended, and the answer says why."""
    answers = [await edited(forgetful, await posted(forgetful, **way)) for way in WAYS.values()]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert "keeps no cutouts" in answers[0].json()["error"]["message"]
    assert "no longer stored" in answers[1].json()["error"]["message"]
