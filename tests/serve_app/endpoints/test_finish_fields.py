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
from cutout.pixels.semi_transparent import share_of
from cutout.presets import PresetSpec
from deployments.engines import span
from serve_app import contract
from tests.serve_app.endpoints.test_compose import Service, composed, http, posted, service
from tests.support.durable_jobs import picture
from tests.support.enlarging import Doubling

pytestmark = pytest.mark.anyio
__all__ = ["http", "service"]
ASYNC = {"prefer": "respond-async"}
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


async def test_a_print(http: httpx.AsyncClient) -> None:
    """Inches are pixels and a resolution in the file; in a new request, a durable job and a composition the same."""
    fields: dict[str, Any] = {"inches": "0.5x0.3", "dpi": 100, "least_dpi": 40, "fit": "fill", "alpha": "halftone"}
    fields |= {"halftone_lpi": 20, "shadow": 50}
    asked = {"image": text(), "include_models": ["first"], **fields}
    new = (await http.post("/remove-background", json=asked)).json()["results"][0]
    texts: dict[str, Any] = {name: str(value) for name, value in fields.items()}
    later = await posted(http, include_models="first", headers=ASYNC, **texts)
    [stored] = (await http.get(f"/jobs/{later}")).json()["results"]

    made = await composed(http, await posted(http), "image/png", include_models=["first"], **fields)

    shown = opened(made.content)
    assert (shown.size, shown.info["dpi"]) == ((50, 30), pytest.approx((100, 100), abs=0.1))
    assert set(np.unique(np.asarray(shown)[..., 3]).tolist()) <= {0, 255}
    assert made.headers["x-cutout-semi-transparent"] == "0"
    assert new["semi_transparent"] == stored["semi_transparent"] == 0
    assert base64.b64decode(new["image_base64"]) == made.content
    assert (await http.get(stored["image_url"])).content == made.content


async def test_a_print_of_too_small_a_picture(service: Service, http: httpx.AsyncClient) -> None:
    """Refused before a model runs, with the dots per inch that it would have; enlarged first, it is large enough."""
    asked: dict[str, Any] = {"image": text(), "inches": "0.5x0.5", "dpi": 100}
    runs = service.works.runs

    refused = await http.post("/remove-background", json={**asked, "include_models": ["first"]})

    error = refused.json()["error"]
    assert (refused.status_code, error["details"]["field"], service.works.runs) == (400, "least_dpi", runs)
    assert "has 48 dots per inch on a print of that size, and 100 are wanted" in error["message"]
    for more in (
        {"upscale_factor": 4, "bg_models": ["first"]},
        {"upscale_factor": 2, "least_dpi": 96, "bg_models": ["first"]},
    ):
        enlarged = await http.post("/process", json=asked | more)
        assert enlarged.json()["results"][0]["output_dimensions"] == {"width": 50, "height": 50}


async def test_the_share_of_semi_transparent_pixels(http: httpx.AsyncClient) -> None:
    """Every result has it, measured on its file: those of models, enlarged, on a background, and upscales."""
    cutout = {"image": text(), "include_models": ["first"]}
    for path, fields in (
        ("/remove-background", cutout), ("/remove-background", {**cutout, "output_format": "webp"}),
        ("/process", {"image": text(), "bg_models": ["first"]}),
        ("/remove-background", {**cutout, "background": "red"}),
        ("/upscale", {"image": text(), "scale_factor": 2}),
    ):  # fmt: skip
        body = (await http.post(path, json=fields)).json()
        result = body["results"][0] if "results" in body else body
        made = np.asarray(opened(result["image_base64"]))
        assert result["semi_transparent"] == pytest.approx(share_of(made))
    bytes_of = await http.post("/remove-background", json=cutout, headers={"accept": "image/png"})
    expected = share_of(np.asarray(opened(bytes_of.content)))
    assert float(bytes_of.headers["x-cutout-semi-transparent"]) == pytest.approx(expected)


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


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `detail` is made by."""
    monkeypatch.setattr(span, "span", lambda *_: Doubling())


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("method", ["lanczos_sharp", "detail"])
async def test_the_method_of_an_enlargement(http: httpx.AsyncClient, method: str) -> None:
    """`lanczos_sharp` and `detail` give other pixels than Lanczos, and the same ones however they are asked for."""
    sharp: dict[str, Any] = {"upscale_factor": 2, "method": method}
    fields: dict[str, Any] = {name: str(value) for name, value in sharp.items()}
    job_id, later = await posted(http), await posted(http, "/process", bg_models="first", headers=ASYNC, **fields)
    [stored] = (await http.get(f"/jobs/{later}")).json()["results"]
    plain, new = [
        (
            await http.post("/process", json={"image": text(), "bg_models": ["first"], "upscale_factor": 2, **more})
        ).json()
        for more in ({}, sharp)
    ]

    made = await composed(http, job_id, "image/png", include_models=["first"], **sharp)

    expected = base64.b64decode(new["results"][0]["image_base64"])
    assert base64.b64decode(plain["results"][0]["image_base64"]) != expected
    assert made.content == expected
    assert (await http.get(stored["image_url"])).content == expected


@pytest.mark.usefixtures("network")
@pytest.mark.parametrize("method", ["lanczos_sharp", "detail"])
async def test_the_method_of_an_upscale(http: httpx.AsyncClient, method: str) -> None:
    """At once or as a durable job, the sharper picture is the same; the default is plain Lanczos."""
    asked: dict[str, Any] = {"image": text(), "scale_factor": 2, "method": method}
    plain = await http.post("/upscale", json={**asked, "method": "lanczos"}, headers={"accept": "image/png"})
    default = await http.post("/upscale", json={"image": text(), "scale_factor": 2}, headers={"accept": "image/png"})
    sharp = await http.post("/upscale", json=asked, headers={"accept": "image/png"})
    later = (await http.post("/upscale", json={**asked, "response_format": "url"})).json()

    assert default.content == plain.content
    assert sharp.content != plain.content
    assert (await http.get(later["image_url"])).content == sharp.content


async def test_an_edited_cutout_is_finished(http: httpx.AsyncClient) -> None:
    """A mended cutout is finished as any other."""
    job_id, mask = await posted(http), io.BytesIO()
    Image.fromarray(np.full((24, 24), 255, np.uint8)).save(mask, "PNG")
    await http.post(f"/jobs/{job_id}/edit", files={"mask": mask.getvalue()}, data={"model_id": "first"})

    answer = await composed(http, job_id, "image/png", include_models=["edited"], canvas="48x48", background="red")

    assert opened(answer.content).size == (48, 48)


BAD: tuple[tuple[dict[str, Any], str, str], ...] = (
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
    ({"inches": "12"}, "inches", "such as 12x16"), ({"inches": "1x1", "canvas": "shirt"}, "inches", "Only one"),
    ({"least_dpi": 100}, "least_dpi", "a canvas with a dpi"), ({"fit": "fill"}, "fit", "a canvas or inches"),
    ({"alpha": "dots"}, "alpha", "halftone"), ({"halftone_lpi": 9}, "halftone_lpi", "10"),
    ({"alpha": "halftone", "dpi": 72}, "halftone_lpi", "at most half of the dots per inch, 36"),
    ({"upscale_factor": 3}, "upscale_factor", "2 or 4"),
    ({"method": "nearest"}, "method", "lanczos_sharp"),
)  # fmt: skip
"""Fields, the one that is refused, and words of the reason."""


async def test_bad_input(http: httpx.AsyncClient) -> None:
    """Each is 400 with its field, in one sentence."""
    job_id = await posted(http)
    for fields, field, words in BAD:
        answer = await composed(http, job_id, **fields)

        error = answer.json()["error"]
        assert (answer.status_code, error["details"]["field"]) == (400, field), fields
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
