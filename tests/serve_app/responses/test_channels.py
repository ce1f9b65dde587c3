"""The channels of an answer follow the request and the kind of file, not what happens to be in the pixels."""

import base64
import io
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.serve_app.endpoints.test_process import png, text

SCENE = np.random.default_rng(5).integers(0, 256, (24, 32, 3)).astype(np.uint8)


def file(mode: str, kind: str = "PNG", hidden: bool = False, **options: Any) -> bytes:
    """The scene in a mode of Pillow's; one pixel of an alpha channel may be transparent."""
    image, out = Image.fromarray(SCENE).convert(mode), io.BytesIO()
    if hidden:
        image.putpixel((3, 3), (0,) * len(image.getbands()))
    image.save(out, kind, **options)
    return out.getvalue()


WITH_ALPHA: Mapping[str, bytes] = {
    "RGBA": file("RGBA"),
    "RGBA, one pixel hidden": file("RGBA", hidden=True),
    "grey and alpha": file("LA"),
    "palette with opaque entries": file("P", transparency=bytes([255] * 256)),
    "a transparent colour that no pixel has": file("RGB", transparency=(1, 2, 3)),
    "TIFF": file("RGBA", "TIFF"),
    "WebP, one pixel hidden": file("RGBA", "WEBP", hidden=True, lossless=True),
}
WITHOUT: Mapping[str, bytes] = {
    "RGB": file("RGB"), "grey": file("L"), "palette": file("P"), "JPEG": file("RGB", "JPEG"),
    "WebP": file("RGB", "WEBP"), "TIFF": file("RGB", "TIFF"), "AVIF": file("RGB", "AVIF"),
}  # fmt: skip


def upscaled(client: TestClient, data: bytes, **fields: Any) -> tuple[Image.Image, bool]:
    sent = {"image": base64.b64encode(data).decode(), "scale_factor": 2, **fields}
    body = client.post("/upscale", json=sent).json()
    return Image.open(io.BytesIO(base64.b64decode(body["image_base64"]))), body["alpha_preserved"]


@pytest.mark.parametrize("name", WITH_ALPHA)
def test_a_file_with_alpha_keeps_the_channel(client: TestClient, name: str) -> None:
    """RGBA when it is to be preserved, though every pixel is opaque; RGB when it is not to be."""
    kept, preserved = upscaled(client, WITH_ALPHA[name])
    white, told = upscaled(client, WITH_ALPHA[name], preserve_alpha=False)

    assert (kept.mode, preserved) == ("RGBA", True)
    assert (white.mode, told) == ("RGB", False)


@pytest.mark.parametrize("name", WITHOUT)
@pytest.mark.parametrize("preserve", [True, False])
def test_a_file_without_alpha_is_given_none(client: TestClient, name: str, preserve: bool) -> None:
    """There is nothing to preserve."""
    larger, preserved = upscaled(client, WITHOUT[name], preserve_alpha=preserve)

    assert (larger.mode, preserved) == ("RGB", False)


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/remove-background", {"include_models": ["first"]}),
        ("/remove-background", {"include_models": ["first"], "crop": True}),
        ("/process", {"bg_models": ["first"], "upscale_factor": 2}),
    ],
)
def test_a_cutout_is_rgba_though_all_of_it_is_the_subject(client: TestClient, path: str, fields: Any) -> None:
    """A cutout always has an alpha channel: black, whose matte is 255 everywhere, too; on a background it has none."""
    sent = {"image": text(png(np.zeros((24, 32, 3), np.uint8))), **fields}

    def mode(**more: str) -> str:
        [result] = client.post(path, json={**sent, **more}).json()["results"]
        return Image.open(io.BytesIO(base64.b64decode(result["image_base64"]))).mode

    assert mode() == "RGBA"
    assert mode(background="white") == "RGB"
