"""The fields of a finish over HTTP: on a new request, a durable job and a finished one, and what is refused."""

import base64
import io
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image

from cutout.models.registry import load_registry
from cutout.presets import PresetSpec
from serve_app import contract
from tests.serve_app.endpoints.test_compose import Service, composed, http, posted, service
from tests.support.durable_jobs import picture

pytestmark = pytest.mark.anyio
__all__ = ["http", "service"]
ROOT = Path(__file__).parents[3]
ALL: dict[str, Any] = {
    "canvas": "shirt", "crop": True, "crop_margin": "5%", "shadow": 60, "edge_choke": 1, "edge_feather": 2,
    "background": "blur", "output_format": "jpeg", "quality": 70,
}  # fmt: skip


@pytest.fixture(autouse=True)
def presets(service: Service) -> None:
    """A small shirt, so that it is fast."""
    service.works.shotgun.registry.presets["shirt"] = PresetSpec(name="Shirt", width=45, height=54, dpi=300)


def opened(data: bytes | str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(data) if isinstance(data, str) else data))


@pytest.mark.parametrize("way", [{}, {"headers": {"prefer": "respond-async"}}], ids=["waited", "durable"])
async def test_every_field_together(service: Service, http: httpx.AsyncClient, way: dict[str, Any]) -> None:
    """Composed from a finished job, of either kind, it is byte for byte what a new request and a durable job give."""
    new = await http.post("/remove-background", json={"image": text(), "include_models": ["first"], **ALL})
    fields: dict[str, Any] = {name: str(value) for name, value in ALL.items()}
    later = await posted(http, include_models="first", headers={"prefer": "respond-async"}, **fields)
    [stored] = (await http.get(f"/jobs/{later}")).json()["results"]
    job_id = await posted(http, include_models="first", **way)
    runs = service.works.runs

    made = await composed(http, job_id, include_models=["first"], **ALL)

    [result] = made.json()["results"]
    shown = opened(result["image_base64"])
    assert (shown.format, shown.mode, shown.size, shown.info["dpi"]) == ("JPEG", "RGB", (45, 54), (300, 300))
    assert base64.b64decode(new.json()["results"][0]["image_base64"]) == base64.b64decode(result["image_base64"])
    assert (await http.get(stored["image_url"])).content == base64.b64decode(result["image_base64"])
    assert result["box"] and result["frame"]  # noqa: PT018 - both are there
    assert service.works.runs == runs


def text() -> str:
    return base64.b64encode(picture()).decode()


async def test_sizes_by_number_and_resolution(http: httpx.AsyncClient) -> None:
    """`WIDTHxHEIGHT` is a canvas, too; a resolution is written to each format that has one."""
    job_id = await posted(http)
    for output_format in ("png", "webp", "avif"):
        fields = {"include_models": ["first"], "canvas": "30x20", "dpi": 150, "output_format": output_format}
        answer = await composed(http, job_id, f"image/{output_format}", **fields)
        shown = opened(answer.content)
        assert shown.size == (30, 20)
        assert shown.info.get("dpi", (150, 150)) == pytest.approx((150, 150), abs=0.1)


async def test_quality(http: httpx.AsyncClient) -> None:
    """A lower one gives a smaller file."""
    job_id = await posted(http, **{"include_models": "first"})
    fields = {"include_models": ["first"], "background": "blur", "canvas": "200x200"}
    sizes = [
        len((await composed(http, job_id, "image/jpeg", **fields, quality=quality)).content) for quality in (5, 60, 100)
    ]

    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[2]


async def test_a_stored_cutout_is_enlarged(http: httpx.AsyncClient) -> None:
    """Before anything else; the answer then has sizes, as that of POST /process; on top of an enlarged job, as well."""
    plain, larger = await posted(http), await posted(http, "/process", bg_models="first", upscale_factor=2)

    once = await composed(http, plain, include_models=["first"], upscale_factor=2)
    again = await composed(http, larger, upscale_factor=4)

    contract.ProcessBody.model_validate(once.json())
    direct = await http.post("/process", json={"image": text(), "bg_models": ["first"], "upscale_factor": 2})
    assert once.json()["results"][0]["image_base64"] == direct.json()["results"][0]["image_base64"]
    assert again.json()["results"][0]["output_dimensions"] == {"width": 192, "height": 192}


async def test_an_edited_cutout_is_finished(http: httpx.AsyncClient) -> None:
    """A mended cutout is finished as any other."""
    job_id, mask = await posted(http), io.BytesIO()
    Image.fromarray(np.full((24, 24), 255, np.uint8)).save(mask, "PNG")
    await http.post(f"/jobs/{job_id}/edit", files={"mask": mask.getvalue()}, data={"model_id": "first"})

    answer = await composed(http, job_id, "image/png", include_models=["edited"], canvas="48x48", background="red")

    assert opened(answer.content).size == (48, 48)


@pytest.mark.parametrize(
    ("fields", "field", "words"),
    [
        ({"canvas": "poster"}, "canvas", "canvas: a preset (shirt) or WIDTHxHEIGHT in pixels expected"),
        ({"canvas": "0x10"}, "canvas", "WIDTHxHEIGHT"), ({"canvas": "10 x 10"}, "canvas", "WIDTHxHEIGHT"),
        ({"canvas": "x" * 65}, "canvas", "at most 64"), ({"shadow": 101}, "shadow", "100"),
        ({"shadow": 10, "output_type": "mask"}, "shadow", "a mask has none"),
        ({"edge_choke": 11}, "edge_choke", "10"), ({"edge_choke": -1}, "edge_choke", "0"),
        ({"edge_feather": 51}, "edge_feather", "50"), ({"edge_feather": 1.5}, "edge_feather", "integer"),
        ({"dpi": 0}, "dpi", "1"), ({"dpi": 2401}, "dpi", "2400"), ({"dpi": "many"}, "dpi", "number"),
        ({"quality": 0, "output_format": "webp"}, "quality", "1"),
        ({"quality": 80}, "quality", "png is lossless"),
        ({"background": "blur", "output_type": "mask"}, "background", "a mask has none"),
        ({"background": "blur", "background_url": "https://example.com/a.png"}, "background_url", "Only one"),
        ({"crop_margin": "5%"}, "crop_margin", "crop: true or a canvas"),
        ({"upscale_factor": 3}, "upscale_factor", "2 or 4"),
    ],
)  # fmt: skip
async def test_bad_input(http: httpx.AsyncClient, fields: dict[str, Any], field: str, words: str) -> None:
    """Each is 400 with its field, in one sentence."""
    job_id = await posted(http)

    answer = await composed(http, job_id, **fields)

    error = answer.json()["error"]
    assert (answer.status_code, error["details"]["field"]) == (400, field)
    assert words in error["message"]


async def test_too_large_a_canvas(http: httpx.AsyncClient) -> None:
    """413, before anything is decoded; the field is named."""
    job_id = await posted(http)

    answer = await composed(http, job_id, canvas="20000x20000")
    webp = await composed(http, job_id, canvas="17000x10", output_format="webp")

    assert (answer.status_code, answer.json()["error"]["details"]["field"]) == (413, "canvas")
    assert (webp.status_code, webp.json()["error"]["details"]["field"]) == (413, "output_format")


async def test_a_blur_without_the_photograph(service: Service, http: httpx.AsyncClient) -> None:
    """404 with the reason, where the picture that was sent is gone; other finishes still work."""
    job_id = await posted(http)
    [sent] = (service.works.folder / "pictures" / job_id).glob("input*")
    sent.unlink()

    blur = await composed(http, job_id, background="blur")

    assert blur.status_code == 404
    assert "no longer stored" in blur.json()["error"]["message"]
    assert (await composed(http, job_id, background="red")).status_code == 200


async def test_presets(http: httpx.AsyncClient) -> None:
    """The canvases by name, as configs/presets.yaml has them; those of this repository are valid."""
    body = (await http.get("/presets")).json()

    contract.PresetsBody.model_validate(body)
    assert {"id": "shirt", "name": "Shirt", "width": 45, "height": 54, "dpi": 300.0} in body["presets"]
    ours = load_registry(ROOT / "configs").presets
    assert (ours["shop_square"].size.width, ours["shirt"].dpi) == (2000, 300)
