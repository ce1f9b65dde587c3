"""The HTTP contract, without Ray: every endpoint, every way to bring a picture, every refusal."""

import base64
import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from serve_app import contract

PIXELS = np.random.default_rng(7).integers(0, 255, (24, 32, 3), dtype=np.uint8)


def png(pixels: np.ndarray = PIXELS) -> bytes:
    out = io.BytesIO()
    Image.fromarray(pixels).save(out, "PNG")
    return out.getvalue()


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def opened(image_base64: str) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(image_base64))).convert("RGBA"))


def error(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    contract.ErrorBody.model_validate(response.json())
    found: dict[str, Any] = response.json()["error"]
    return found


def test_shotgun_answers_as_the_contract_says(client: TestClient) -> None:
    """Every model's result comes in the contract's form; one failure makes it partial and harms no other."""
    response = client.post("/remove-background", json={"image": text(png())})

    body = response.json()
    contract.RemoveBody.model_validate(body)
    assert response.status_code == 200
    assert body["status"] == "partial"
    assert [r["model_id"] for r in body["results"]] == ["first", "second", "broken"]
    assert [r["status"] for r in body["results"]] == ["success", "success", "error"]
    assert body["results"][2]["error"] == "out of ink"
    assert body["results"][2]["image_base64"] is None
    assert body["total_cost_usd"] == 0.25
    cutout = opened(body["results"][0]["image_base64"])
    assert cutout.shape == (24, 32, 4)
    seen = cutout[..., 3] > 0
    assert np.array_equal(cutout[..., :3][seen], PIXELS[seen])


@pytest.mark.parametrize("way", ["base64", "data uri", "multipart", "raw", "raw without a type"])
def test_every_way_to_bring_a_picture_gives_the_same(client: TestClient, way: str) -> None:
    """JSON with base64 or a data URI, multipart, and a raw body say the same and get the same pixels."""
    models = {"include_models": ["first"]}
    requests: dict[str, dict[str, Any]] = {
        "base64": {"json": {"image": text(png()), **models}},
        "data uri": {"json": {"image": "data:image/png;base64," + text(png()), **models}},
        "multipart": {"files": {"image": ("x.gif", png(), "image/gif")}, "data": {"include_models": "first"}},
        "raw": {"content": png(), "headers": {"content-type": "image/webp"}, "params": {"include_models": "first"}},
        "raw without a type": {
            "content": png(), "headers": {"content-type": "application/octet-stream"}, "params": models,
        },
    }  # fmt: skip

    body = client.post("/remove-background", **requests[way]).json()

    assert body["status"] == "completed"
    assert [r["model_id"] for r in body["results"]] == ["first"]
    assert opened(body["results"][0]["image_base64"]).shape == (24, 32, 4)


@pytest.mark.parametrize("factor", [2, 4])
def test_process_upscales_each_cutout(client: TestClient, factor: int) -> None:
    """Each cutout comes back enlarged, with both stages' status and both sizes."""
    wanted = {"image": text(png()), "bg_models": ["first", "broken"], "upscale_factor": factor, "output_format": "webp"}
    body = client.post("/process", json=wanted).json()

    contract.ProcessBody.model_validate(body)
    good, bad = body["results"]
    assert (good["bg_removal_status"], good["upscale_status"]) == ("success", "success")
    assert (bad["bg_removal_status"], bad["upscale_status"]) == ("error", "skipped")
    assert good["input_dimensions"] == {"width": 32, "height": 24}
    assert good["output_dimensions"] == {"width": 32 * factor, "height": 24 * factor}
    assert opened(good["image_base64"]).shape == (24 * factor, 32 * factor, 4)
    assert base64.b64decode(good["image_base64"])[8:12] == b"WEBP"


@pytest.mark.parametrize("preserve", [True, False])
def test_upscale_keeps_transparency_or_turns_it_white(client: TestClient, preserve: bool) -> None:
    """With preserve_alpha the transparent stays so; without it, it is white and opaque."""
    rgba = np.zeros((6, 8, 4), np.uint8)
    rgba[:, 4:] = (10, 20, 30, 255)

    body = client.post(
        "/upscale", json={"image": text(png(rgba)), "scale_factor": 2, "preserve_alpha": preserve}
    ).json()

    contract.UpscaleBody.model_validate(body)
    assert body["alpha_preserved"] is preserve
    assert body["output_dimensions"] == {"width": 16, "height": 12}
    corner = opened(body["image_base64"])[0, 0]
    assert corner.tolist() == ([0, 0, 0, 0] if preserve else [255, 255, 255, 255])


def test_all_models_failed(client: TestClient) -> None:
    """When every model failed the answer is 422 processing_error, with each one's reason."""
    response = client.post("/remove-background", json={"image": text(png()), "include_models": ["broken"]})

    found = error(response, 422)
    assert found["type"] == "processing_error"
    assert found["details"]["models"] == {"broken": "out of ink"}
    contract.FailedJobBody.model_validate(response.json())
    assert response.json()["status"] == "failed"


REFUSALS = [
    ({}, 400, "missing_image", "image"),
    ({"image": text(png()), "image_url": "https://example.com/a.png"}, 400, "validation_error", "image_url"),
    ({"image": "no base64!"}, 400, "validation_error", "image"),
    ({"image": text(b"GIF89a....")}, 400, "invalid_format", "image"),
    ({"image": text(png()[:80])}, 400, "invalid_format", "image"),
    ({"image": ""}, 400, "missing_image", "image"),
    ({"image": text(png(np.zeros((1001, 1000, 3), np.uint8)))}, 413, "image_too_large", "image"),
    ({"image": text(b"\x89PNG" + bytes(200_000))}, 413, "image_too_large", "image"),
    ({"image": text(png()), "output_format": "gif"}, 400, "validation_error", "output_format"),
    ({"image": text(png()), "include_models": ["first", "nobody"]}, 400, "validation_error", "include_models"),
    ({"image": text(png()), "include_models": []}, 400, "validation_error", "include_models"),
    ({"image": text(png()), "include_models": "first"}, 400, "validation_error", "include_models"),
    ({"image": 5}, 400, "validation_error", "image"),
    ({"image": text(png()), "colour": "red"}, 400, "validation_error", "colour"),
]


@pytest.mark.parametrize(("fields", "status", "kind", "field"), REFUSALS)
def test_refuses_what_is_wrong_by_field(
    client: TestClient, fields: dict[str, Any], status: int, kind: str, field: str
) -> None:
    """Each wrong request gets one clear error of the contract's form that names the field."""
    found = error(client.post("/remove-background", json=fields), status)

    assert found["type"] == kind
    assert found["details"]["field"] == field


def test_unknown_model_names_the_known(client: TestClient) -> None:
    """An unknown id is repeated, and the known ones are listed."""
    found = error(client.post("/process", json={"image": text(png()), "bg_models": ["nobody"]}), 400)

    assert found["message"] == "Unknown model 'nobody'. Known: all, auto, fused, first, second, broken"


@pytest.mark.parametrize(("path", "field"), [("/upscale", "scale_factor"), ("/process", "upscale_factor")])
@pytest.mark.parametrize("factor", [3, 0, -2, "four", 2.5, 1_000_000])
def test_refuses_other_factors(client: TestClient, path: str, field: str, factor: object) -> None:
    """Only 2 and 4 are factors."""
    assert error(client.post(path, json={"image": text(png()), field: factor}), 400)["details"]["field"] == field


def test_refuses_an_output_beyond_the_cap(client: TestClient) -> None:
    """An upscale that would be too large is refused before any model runs."""
    large = text(png(np.zeros((900, 900, 3), np.uint8)))

    assert error(client.post("/process", json={"image": large}), 413)["type"] == "image_too_large"
    found = error(client.post("/upscale", json={"image": large, "scale_factor": 4}), 413)
    assert (found["type"], found["details"]["field"]) == ("image_too_large", "scale_factor")


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_refuses_other_content_types(client: TestClient, content_type: str) -> None:
    """Another content type is refused, and the expected ones are named."""
    headers = {"content-type": content_type} if content_type else {}

    found = error(client.post("/upscale", content=png(), headers=headers), 400)

    assert found["details"] == {"field": "Content-Type", "received": content_type or "none"}
    assert "multipart/form-data" in found["message"]


def test_refuses_what_is_not_json(client: TestClient) -> None:
    """A broken JSON body is a validation error of the body."""
    found = error(client.post("/upscale", content=b"{", headers={"content-type": "application/json"}), 400)

    assert found["details"]["field"] == "body"


def test_refuses_a_file_in_another_part(client: TestClient) -> None:
    """A file in a part of another name is refused by that name, not overlooked."""
    found = error(client.post("/upscale", files={"picture": png()}), 400)

    assert found["details"]["field"] == "picture"


@pytest.mark.parametrize("declared", [True, False])
def test_stops_reading_a_body_that_is_too_large(client: TestClient, declared: bool) -> None:
    """A raw body over the limit is refused by its declared length, or while it is read."""
    sent = 0

    def endless() -> Any:
        nonlocal sent
        while sent < 50_000_000:
            sent += 65536
            yield bytes(65536)

    headers = {"content-type": "image/png"} | ({"content-length": "60000000"} if declared else {})
    response = client.post("/upscale", content=endless(), headers=headers)

    assert error(response, 413)["type"] == "image_too_large"


def test_unknown_path_and_method(client: TestClient) -> None:
    """404 and 405 come in the contract's form."""
    assert error(client.get("/nowhere"), 404)["type"] == "not_found"
    assert error(client.get("/upscale"), 405)["type"] == "method_not_allowed"
    assert client.get("/upscale").headers["allow"] == "POST"


def test_health_and_models(client: TestClient) -> None:
    """Both answer in the contract's form, with every model, before and after work was done."""
    client.post("/remove-background", json={"image": text(png())})

    health, models = client.get("/health").json(), client.get("/models").json()

    contract.HealthBody.model_validate(health)
    contract.ModelsBody.model_validate(models)
    assert {"status", "version", "services"} <= health.keys()
    assert health["models"]["first"]["state"] == "ready"
    cards = {card["id"]: card for card in models["models"]}
    assert cards["first"]["median_time_ms"] > 0
    assert cards["second"]["price_usd"] == 0.25


def test_openapi_is_the_contract(client: TestClient) -> None:
    """/openapi.json has an endpoint's bodies, errors included; /docs shows it without an outside address."""
    schema = client.get("/openapi.json").json()

    remove = schema["paths"]["/remove-background"]["post"]
    assert set(remove["responses"]) == {"200", "202", "400", "403", "409", "413", "415", "422", "429", "500", "503"}
    assert set(remove["requestBody"]["content"]) >= {"application/json", "multipart/form-data"}
    page = client.get("/docs").text
    assert "//" not in page.replace("<!DOCTYPE", "").split("<script>")[0].replace("</", "")
    assert client.get("/docs/assets/swagger-ui-bundle.js").status_code == 200


def test_every_answer_has_a_request_id(client: TestClient) -> None:
    """The caller's id comes back; without one, or with a bad one, a new one is made."""
    assert client.get("/health", headers={"X-Request-Id": "mine-1"}).headers["x-request-id"] == "mine-1"
    assert len(client.get("/nowhere").headers["x-request-id"]) == 36
    assert client.get("/health", headers={"X-Request-Id": "a b"}).headers["x-request-id"] != "a b"


def test_estimate_quotes_without_running(new_client: TestClient) -> None:
    """/estimate gives each model's price, their sum, and what the terms leave out; no model runs."""
    body = new_client.post("/estimate", json={"models": ["all"]}).json()

    contract.EstimateBody.model_validate(body)
    assert body["models"] == {"first": 0.0, "second": 0.25, "broken": 0.0}
    assert body["estimate_usd"] == 0.25
    assert body["expected_time_ms"] is None


def test_more_than_max_cost_is_refused_before_spending(new_client: TestClient) -> None:
    """A request whose models cost more than the caller allows is refused, with the estimate, and nothing runs."""
    wanted = {"image": text(png()), "max_cost_usd": 0.2}

    found = error(new_client.post("/remove-background", json=wanted), 400)

    assert found["details"] == {"field": "max_cost_usd", "received": 0.2, "estimate_usd": 0.25}
    assert new_client.get("/models").json()["models"][1]["median_time_ms"] is None
    cheap = new_client.post("/remove-background", json={**wanted, "include_models": ["first"]})
    assert cheap.json()["status"] == "completed"
