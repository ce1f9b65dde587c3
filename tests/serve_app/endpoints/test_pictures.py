"""One picture back, all of them in an archive, and the finish of each."""

import io
import json
import zipfile
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from cutout.picks.worth import ENOUGH_OFFERED, Worth, Worths
from serve_app import contract
from serve_app.app import create_app
from tests.serve_app.endpoints.test_process import error, opened, png, text
from tests.support.in_process import Memory, model, registry, shotgun

SCENE = np.full((40, 60, 3), 255, np.uint8)
SCENE[10:30, 20:50] = 0
"""The model without weights takes what is dark for the subject."""
MASK = 255 - SCENE[..., 0]
BOX = {"left": 20, "top": 10, "width": 30, "height": 20}
ONE: dict[str, Any] = {"include_models": ["first"]}


def asked(client: TestClient, accept: str = "", path: str = "/remove-background", **fields: Any) -> Any:
    return client.post(path, json={"image": text(png(SCENE)), **fields}, headers={"accept": accept})


def shown(response: Any) -> np.ndarray:
    assert response.status_code == 200, response.text
    return np.asarray(Image.open(io.BytesIO(response.content)))


def one(response: Any) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    [result] = response.json()["results"]
    return result  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", ["png", "webp", "avif"])
def test_one_picture_back(client: TestClient, kind: str) -> None:
    """The body is the picture's bytes in the accepted type; model, cost, time, job and box are in headers."""
    response = asked(client, f"image/{kind}", include_models=["second"])

    assert response.headers["content-type"] == f"image/{kind}"
    assert response.headers["x-cutout-model"] == "second"
    assert response.headers["x-cutout-cost-usd"] == "0.250000"
    assert response.headers["x-cutout-commercial-use"] == "true"
    assert response.headers["x-cutout-box"] == "20 10 30 20"
    assert int(response.headers["x-cutout-time-ms"]) >= 0
    assert len(response.headers["x-job-id"]) == 36
    assert response.headers["content-disposition"] == f'inline; filename="second.{kind}"'
    assert (shown(response)[..., 3] == MASK).all()


def test_one_picture_of_the_pipeline(client: TestClient) -> None:
    """POST /process answers with the enlarged picture."""
    response = asked(client, "image/png", "/process", bg_models=["first"], upscale_factor=2)

    assert shown(response).shape == (80, 120, 4)


def test_an_upscale_as_a_picture(client: TestClient) -> None:
    """POST /upscale answers with the bytes; as JPEG only when no transparency is to be kept."""
    response = asked(client, "image/webp", "/upscale", scale_factor=2)
    jpeg = asked(client, "image/jpeg", "/upscale", scale_factor=2, preserve_alpha=False)
    refused = error(asked(client, "image/jpeg", "/upscale", scale_factor=2), 400)

    assert (response.headers["content-type"], shown(response).shape) == ("image/webp", (80, 120, 3))
    assert (jpeg.headers["content-type"], shown(jpeg).shape) == ("image/jpeg", (80, 120, 3))
    assert refused["details"]["field"] == "output_format"


def test_several_models_need_a_pick(client: TestClient) -> None:
    """An image Accept for several models is 400, and says what to do; a failure of the one model stays JSON."""
    found = error(asked(client, "image/png"), 400)

    assert found["details"]["field"] == "pick"
    assert "3 models would answer" in found["message"]
    assert error(asked(client, "image/png", include_models=["broken"]), 422)["type"] == "processing_error"


def test_the_first_good_one(client: TestClient) -> None:
    """`pick: first` answers with a cutout that succeeded."""
    response = asked(client, "image/png", pick="first")

    assert shown(response).shape == (40, 60, 4)
    assert response.headers["x-cutout-model"] in ("first", "second")


def test_the_best_by_the_picks() -> None:
    """`pick: best` is the model that people pick most, in the category that is given; until then the best score."""
    reg, ledger = registry(model("first"), model("second", cpu_s=1)), Memory()
    gun = shotgun(reg, ledger)
    client = TestClient(create_app(gun, ledger))
    scored = asked(client, "image/png", pick="best").headers["x-cutout-model"]
    known = tuple(Worth(name, ENOUGH_OFFERED, chance, 0.1, 0.9) for name, chance in (("second", 0.7), ("first", 0.3)))
    gun.statuses.worths = Worths(
        60, 0.0, known, {"hair": (replace(known[1], chance=0.6), replace(known[0], chance=0.4))}
    )

    assert scored == asked(client).json()["selected_model_id"]
    assert asked(client, "image/png", pick="best").headers["x-cutout-model"] == "second"
    assert asked(client, "image/png", pick="best", image_category="hair").headers["x-cutout-model"] == "first"
    assert asked(client, "image/png", pick="best", image_category="cars").headers["x-cutout-model"] == "second"


@pytest.mark.parametrize(
    ("accept", "fields", "field"),
    [
        ("", {"pick": "first"}, "pick"),
        ("application/zip", {"pick": "first"}, "pick"),
        ("image/png", {"pick": "first", "image_category": "x"}, "image_category"),
        ("image/png", {**ONE, "output_format": "webp"}, "output_format"),
        ("image/png", {**ONE, "output_type": "both"}, "output_type"),
        ("image/jpeg", ONE, "output_format"),
        ("", {**ONE, "output_format": "jpeg"}, "output_format"),
        ("", {**ONE, "output_type": "mask", "background": "red"}, "background"),
        ("", {**ONE, "crop_margin": "3px"}, "crop_margin"),
        ("", {**ONE, "crop": True, "crop_margin": "3em"}, "crop_margin"),
        ("", {**ONE, "background": "no colour"}, "background"),
        ("", {**ONE, "background": text(b"no picture")}, "background"),
        ("", {**ONE, "background": "red", "background_url": "https://example.com/a.png"}, "background_url"),
        ("", {**ONE, "background_url": "http://127.0.0.1/a.png"}, "background_url"),
        ("", {**ONE, "output_type": "trimap"}, "output_type"),
    ],
)  # fmt: skip
def test_what_does_not_go_together(client: TestClient, accept: str, fields: dict[str, Any], field: str) -> None:
    """Each is one clear error that names its field, and no model has run."""
    before = _ran(client)
    found = error(asked(client, accept, **fields), 400)

    assert found["details"]["field"] == field
    assert field in found["message"] or found["type"] == "invalid_format"
    assert _ran(client) == before


def _ran(client: TestClient) -> list[object]:
    """What shows that models have run: the median time of each."""
    return [card["median_time_ms"] for card in client.get("/models").json()["models"]]


def test_json_stays_the_default(client: TestClient) -> None:
    """Without an Accept, or with a wildcard, the answer is the contract's JSON, each result with its subject's box."""
    for accept in ("", "*/*", "text/html, */*;q=0.8"):
        result = one(asked(client, accept, **ONE))
        contract.RemoveResult.model_validate(result)
        assert result["box"] == BOX
        assert result["frame"] is None
        assert "mask_base64" not in result


def test_an_archive_of_all(client: TestClient) -> None:
    """The archive has each cutout by its model's name, and results.json: the JSON answer with their names."""
    response = asked(client, "application/zip", output_type="both")

    assert response.headers["content-type"] == "application/zip"
    assert response.headers["x-cutout-cost-usd"] == "0.250000"
    archive = zipfile.ZipFile(io.BytesIO(response.content))
    assert archive.testzip() is None
    masks = ["first.mask.png", "second.mask.png"]
    assert sorted(archive.namelist()) == sorted(["first.png", "second.png", "results.json", *masks])
    body = json.loads(archive.read("results.json"))
    assert [r.get("file") for r in body["results"]] == ["first.png", "second.png", None]
    assert body["results"][2]["error"] == "out of ink"
    assert body["job_id"] == response.headers["x-job-id"]
    cutout = np.asarray(Image.open(io.BytesIO(archive.read("first.png"))))
    mask = np.asarray(Image.open(io.BytesIO(archive.read("first.mask.png"))))
    assert (cutout[..., 3] == mask).all()


def test_masks(client: TestClient) -> None:
    """`mask` is a grey picture of the alpha; `both` brings it beside the cutout."""
    mask = one(asked(client, output_type="mask", **ONE))
    both = one(asked(client, output_type="both", output_format="webp", **ONE))

    contract.RemoveResult.model_validate(both)
    assert (opened(mask["image_base64"])[..., 0] == MASK).all()
    assert (opened(both["mask_base64"])[..., 0] == MASK).all()
    assert (opened(both["image_base64"])[..., 3] == MASK).all()


def test_a_colour_behind(client: TestClient) -> None:
    """On a colour the result is opaque, and JPEG may hold it."""
    plain = shown(asked(client, "image/png", background="#336699", **ONE))
    jpeg = asked(client, "image/jpeg", background="teal", **ONE)

    assert plain.shape == (40, 60, 3)
    assert plain[0, 0].tolist() == [0x33, 0x66, 0x99]
    assert plain[20, 30].tolist() == [0, 0, 0]
    assert jpeg.headers["content-type"] == "image/jpeg"
    assert np.abs(shown(jpeg)[2, 2].astype(int) - (0, 128, 128)).max() <= 6


@pytest.mark.parametrize("way", ["base64", "data uri", "multipart"])
def test_a_picture_behind(client: TestClient, way: str) -> None:
    """A background's picture comes as base64, as a data URI or as a part, and covers the result."""
    green = png(np.full((9, 9, 3), (10, 160, 20), np.uint8))
    ways: dict[str, dict[str, Any]] = {
        "base64": {"json": {"image": text(png(SCENE)), "background": text(green), **ONE}},
        "data uri": {"json": {"image": text(png(SCENE)), "background": "data:image/png;base64," + text(green), **ONE}},
        "multipart": {"files": {"image": png(SCENE), "background": green}, "data": {"include_models": "first"}},
    }

    laid = shown(client.post("/remove-background", **ways[way], headers={"accept": "image/png"}))

    assert np.abs(laid[:, :20].astype(int) - (10, 160, 20)).max() <= 1


@pytest.mark.parametrize("path", ["/remove-background", "/process"])
def test_a_crop_with_its_boxes(client: TestClient, path: str) -> None:
    """A crop is the subject and its margin; both boxes say where it is, in the result's pixels and in the whole's."""
    models = {"bg_models": ["first"], "upscale_factor": 2} if path == "/process" else ONE
    times = 2 if path == "/process" else 1

    result = one(asked(client, "", path, crop=True, crop_margin="10% 5px", **models))

    box, frame = result["box"], result["frame"]
    shape = opened(result["image_base64"]).shape
    assert box["width"] == (30 if times == 1 else 62)  # enlarged, with its soft edge
    assert (box["left"], box["top"]) == (5, round(box["height"] / 10))
    assert (
        (frame["width"], frame["height"]) == (shape[1], shape[0]) == (box["width"] + 10, box["height"] + 2 * box["top"])
    )
    assert abs(frame["left"] + box["left"] - 20 * times) <= times - 1
    assert abs(frame["top"] + box["top"] - 10 * times) <= times - 1
    if path == "/process":
        contract.ProcessResult.model_validate(result)
        assert result["output_dimensions"] == {"width": shape[1], "height": shape[0]}


def test_a_crop_that_would_be_too_large(client: TestClient) -> None:
    """A margin that could carry the result beyond the cap is refused before any model runs."""
    large = {"image": text(png(np.zeros((900, 1000, 3), np.uint8))), "bg_models": ["first"], "upscale_factor": 2}

    found = error(client.post("/process", json={**large, "crop": True, "crop_margin": "50%"}), 413)

    assert found["details"]["field"] == "crop_margin"


def test_a_stream_has_the_finish(client: TestClient) -> None:
    """Events carry the finished pictures, and the summary none of them."""
    response = asked(client, "application/x-ndjson", output_type="both", background="red", **ONE)

    events = [json.loads(line) for line in response.text.splitlines()]
    assert [event["event"] for event in events] == ["started", "finished", "summary"]
    assert opened(events[1]["image_base64"])[0, 0].tolist() == [255, 0, 0, 255]
    assert events[1]["mask_base64"]
    assert events[2]["results"][0]["mask_base64"] is None
