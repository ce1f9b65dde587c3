"""`refine`, from the request to the answer: at once, and as a durable job."""

import io
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from cutout.pixels.mattes.refine import refined
from serve_app.app import create_app
from tests.cutout.pixels.mattes.parts import disc, shown
from tests.serve_app.endpoints.test_process import opened, png, text
from tests.serve_app.jobs.test_jobs import ended
from tests.support.durable_jobs import working

PICTURE = shown(disc(soft_px=4))
"""To the model without weights all of it is uncertain."""


def sent(models: str, *asked: str, **fields: Any) -> dict[str, Any]:
    return {"image": text(png(PICTURE)), models: list(asked), **fields}


def test_a_request_asks_for_it(client: TestClient) -> None:
    """The cutout's alpha is the refined one, and the span stands among the others."""
    [plain] = client.post("/remove-background", json=sent("include_models", "second")).json()["results"]
    [solved] = client.post("/remove-background", json=sent("include_models", "second", refine=True)).json()["results"]
    larger = client.post("/process", json=sent("bg_models", "second", refine=True, upscale_factor=2)).json()

    alpha = opened(plain["image_base64"])[..., 3]
    np.testing.assert_array_equal(opened(solved["image_base64"])[..., 3], refined(PICTURE, alpha))
    assert (solved["image_base64"] != plain["image_base64"], "refine" in plain["times_ms"]) == (True, False)
    assert "refine" in larger["results"][0]["times_ms"]


@pytest.mark.anyio
async def test_a_durable_job_remembers_it(tmp_path: Path) -> None:
    """It is a part of the order."""
    async with working(tmp_path, f"sqlite:///{tmp_path}/jobs.sqlite", compose_s=0) as works:
        app = create_app(works.shotgun, works.ledger, None, works.durable)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service.test") as http:
            alphas = []
            for refine in (False, True):
                body = sent("include_models", "first", refine=refine)
                accepted = await http.post("/remove-background", json=body, headers={"prefer": "respond-async"})
                [found] = (await ended(http, accepted.json()["status_url"]))["results"]
                picture = (await http.get(found["image_url"])).content
                alphas.append(np.asarray(Image.open(io.BytesIO(picture)))[..., 3])

    np.testing.assert_array_equal(alphas[1], refined(PICTURE, alphas[0]))
    assert (alphas[0] != alphas[1]).any()
