"""Pictures that are transparent already, from the request to the answer."""

import base64
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from cutout.pixels.ground import KEPT_NOTE
from cutout.removal import RETURNED_NOTE
from tests.serve_app.endpoints.test_process import opened, png, text
from tests.serve_app.jobs.test_jobs import ended
from tests.support.durable_jobs import client, working

LOGO = np.zeros((24, 32, 4), np.uint8)
LOGO[4:20, 4:28] = (255, 255, 255, 255)
LOGO[4:20, 27, 3] = 100
"""White: the model without weights, for which what is dark is the subject, finds nothing."""
HALF = np.zeros((24, 32, 4), np.uint8)
HALF[:, :, :3] = 255
HALF[:, 16:] = (0, 0, 0, 128)
"""Half transparent black on the right, and hidden white on the left."""


def result(client: TestClient, pixels: np.ndarray, path: str = "/remove-background", **fields: Any) -> dict[str, Any]:
    models = {"/remove-background": "include_models", "/process": "bg_models"}[path]
    body = client.post(path, json={"image": text(png(pixels)), models: ["second"], **fields}).json()
    [found] = body["results"]
    return found  # type: ignore[no-any-return]


def test_a_white_logo_keeps_its_alpha_and_is_told_so(client: TestClient) -> None:
    """Where the model finds nothing, the caller's alpha stays, colours too, and the note says so."""
    found = result(client, LOGO)

    assert np.array_equal(opened(found["image_base64"]), LOGO)
    assert found["note"] == KEPT_NOTE


@pytest.mark.parametrize("path", ["/remove-background", "/process"])
def test_the_picture_itself(client: TestClient, path: str) -> None:
    """No model runs and nothing is charged; of an opaque picture the field changes nothing."""
    found = result(client, HALF, path, transparency_handling="return_input_if_non_opaque")
    opaque = result(client, LOGO[4:20, 4:20], path, transparency_handling="return_input_if_non_opaque")

    assert (found["note"], found["cost_usd"]) == (RETURNED_NOTE, 0.0)
    assert (opaque.get("note"), opaque["cost_usd"]) == (None, 0.25)
    pixels = opened(found["image_base64"])
    assert pixels[12, [4, -4], 3].tolist() == [0, 128]


def test_the_models_alpha_alone(client: TestClient) -> None:
    """As if the picture were opaque: black is the subject, however thin it was."""
    found = result(client, HALF, transparency_handling="discard_alpha_layer")

    assert opened(found["image_base64"])[12, [4, -4], 3].tolist() == [0, 255]


def test_another_word_is_refused(client: TestClient) -> None:
    """By name."""
    response = client.post("/remove-background", json={"image": text(png(HALF)), "transparency_handling": "keep"})

    assert response.status_code == 400
    assert response.json()["error"]["details"]["field"] == "transparency_handling"


@pytest.mark.parametrize("dc", ["true", "false"])
def test_rembgs_dc_is_a_part_of_what_is_asked(client: TestClient, dc: str) -> None:
    """Without `dc` the picture's colours are left; the model here refuses `dc`, since its file says so."""
    out = io.BytesIO()
    Image.fromarray(np.full((9, 9, 3), 120, np.uint8)).save(out, "PNG")
    response = client.post("/api/remove", files={"file": ("a.png", out.getvalue(), "image/png")}, data={"dc": dc})

    assert response.status_code == (422 if dc == "true" else 200)
    if dc == "false":
        assert opened(base64.b64encode(response.content).decode())[4, 4].tolist() == [120, 120, 120, 135]


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("handling", "alpha", "note"),
    [
        ("intersect_alpha", [0, 128], None),
        ("return_input_if_non_opaque", [0, 128], RETURNED_NOTE),
        ("discard_alpha_layer", [0, 255], None),
    ],
)
@pytest.mark.parametrize("factor", [None, 2])
async def test_a_durable_job_does_the_same(
    tmp_path: Path, handling: str, alpha: list[int], note: str | None, factor: int | None
) -> None:
    """What was asked is a part of the job, in one stage and in two."""
    path, models = ("/process", "bg_models") if factor else ("/remove-background", "include_models")
    sent: dict[str, Any] = {"image": text(png(HALF)), models: ["first"], "transparency_handling": handling}
    if factor:
        sent["upscale_factor"] = factor
    url = f"sqlite:///{tmp_path}/jobs.sqlite"
    async with working(tmp_path, url, compose_s=0) as works, client(works) as http:
        accepted = await http.post(path, json=sent, headers={"prefer": "respond-async"})
        body = await ended(http, accepted.json()["status_url"])
        [found] = body["results"]
        pixels = np.asarray(Image.open(io.BytesIO((await http.get(found["image_url"])).content)))

    middle = 12 * (factor or 1)
    assert pixels[middle, [middle // 3, -middle // 3], 3].tolist() == alpha
    assert found.get("note") == note
