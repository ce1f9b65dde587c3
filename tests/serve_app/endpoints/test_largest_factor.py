"""What is told to who asks for too large an enlargement."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from starlette.testclient import TestClient

from cutout.errors import ResolutionTooHigh
from cutout.jobs import Output
from cutout.pixels.finish import Finish
from cutout.pixels.plain import OutputFormat, Size
from deployments.ledger import DatabaseLedger
from serve_app.app import create_app
from tests.serve_app.endpoints.test_process import error, png, text
from tests.support.in_process import model, registry, shotgun


@pytest.mark.parametrize(("path", "field"), [("/upscale", "scale_factor"), ("/process", "upscale_factor")])
def test_the_largest_factor_that_fits_is_named(client: TestClient, path: str, field: str) -> None:
    """Of the default 4, a picture that 2 would fit is told so; the limit here is 4,000,000 pixels."""
    picture = text(png(np.zeros((700, 1000, 3), np.uint8)))

    found = error(client.post(path, json={"image": picture}), 413)

    assert found["details"]["field"] == field
    assert found["message"].endswith(f"{field}: 2 is the largest that fits")


@pytest.mark.parametrize(
    ("output_format", "finish", "factor", "fits"),
    [
        ("png", None, 4, True),
        ("png", Finish(), 4, True),
        ("png", None, None, False),
        ("webp", None, 4, False),
        ("avif", None, 4, False),
        ("png", Finish(background=(1, 2, 3)), 4, False),
        ("jpeg", Finish(background=(1, 2, 3)), 4, False),
        ("png", Finish(output_type="mask"), 4, False),
        ("png", Finish(crop=True), 4, False),
    ],
)
def test_what_is_whole_in_memory_has_a_lower_limit(
    output_format: OutputFormat, finish: Finish | None, factor: int | None, fits: bool
) -> None:
    """Four times 12 megapixels is made as a plain PNG, and nothing else of that size, which the answer says."""
    service = shotgun(registry(model("first")))
    size = Size(4000 * 4 // (factor or 1), 3000 * 4 // (factor or 1))
    output = Output(output_format, factor, finish)

    if fits:
        service.second_stage.check(output, size)
    else:
        with pytest.raises(ResolutionTooHigh, match=r"192000000 pixels; at most 150000000 .*png without a finish"):
            service.second_stage.check(output, size)


@pytest.mark.parametrize(("output_format", "fits"), [("png", True), ("jpeg", True), ("webp", False), ("avif", False)])
def test_an_upscale_in_strips_has_the_higher_limit(tmp_path: Path, output_format: str, fits: bool) -> None:
    """Here 1,000,000 pixels, and 500,000 of what is whole in memory."""
    limits: dict[str, Any] = {"output_px": 1_000_000, "output_whole_px": 500_000}
    ledger = DatabaseLedger(f"sqlite:///{tmp_path}/ledger.sqlite", lease_s=60)
    sent: dict[str, Any] = {"image": text(png(np.zeros((240, 240, 3), np.uint8))), "output_format": output_format}
    sent |= {"preserve_alpha": output_format != "jpeg"}

    with TestClient(create_app(shotgun(registry(model("first"), **limits), ledger), ledger)) as client:
        response = client.post("/upscale", json=sent)

    if fits:
        assert base64.b64decode(response.json()["image_base64"])
    else:
        assert error(response, 413)["message"].endswith("as a png without a finish, at most 1000000")
