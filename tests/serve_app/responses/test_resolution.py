"""A picture's dots per inch, from the request to the answer."""

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.cutout.pixels.test_density import said

SCENE = np.full((40, 60, 3), 255, np.uint8)
SCENE[10:30, 20:50] = 0


def sent(kind: str, dpi: tuple[int, int]) -> bytes:
    """The scene as a file that says its resolution."""
    out, image = io.BytesIO(), Image.fromarray(SCENE)
    exif = Image.Exif()
    exif[282], exif[283], exif[296] = *map(float, dpi), 2
    image.save(out, kind, **({"exif": exif} if kind == "WEBP" else {"dpi": dpi}))
    return out.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("accept", ["png", "webp", "jpeg", "avif"])
@pytest.mark.parametrize(
    ("path", "factor"),
    [
        ("/remove-background?include_models=first&background=white", 1),
        ("/remove-background?include_models=first&background=white&crop=true", 1),
        ("/process?bg_models=first&upscale_factor=2&background=white", 2),
        ("/upscale?scale_factor=4&preserve_alpha=false", 4),
    ],
)
def test_it_is_kept_and_enlarged(client: TestClient, kind: str, accept: str, path: str, factor: int) -> None:
    """Kept for a cutout, multiplied by the factor of an enlargement, whatever goes in and comes out."""
    headers: dict[str, Any] = {"content-type": f"image/{kind.lower()}", "accept": f"image/{accept}"}
    response = client.post(path, content=sent(kind, (300, 150)), headers=headers)

    assert response.status_code == 200, response.text
    assert said(response.content) == pytest.approx((300 * factor, 150 * factor), abs=0.1)


def test_the_plain_cutout_and_its_mask_have_it(client: TestClient) -> None:
    """The very path that encodes beside the model, and the mask alone."""
    headers = {"content-type": "image/png", "accept": "image/png"}
    for fields in ("", "&output_type=mask"):
        path = f"/remove-background?include_models=first{fields}"
        response = client.post(path, content=sent("PNG", (300, 300)), headers=headers)
        assert said(response.content) == pytest.approx((300, 300), abs=0.02)


def test_drop_ins_keep_it(client: TestClient) -> None:
    """Callers of remove.bg and of rembg s, too."""
    file = {"image_file": ("a.png", sent("PNG", (300, 300)), "image/png")}
    as_remove_bg = client.post("/v1.0/removebg", files=file, data={"format": "png"})
    as_rembg = client.post("/api/remove", files={"file": ("a.png", sent("PNG", (300, 300)), "image/png")})

    assert said(as_remove_bg.content) == pytest.approx((300, 300), abs=0.02), as_remove_bg.text
    assert said(as_rembg.content) == pytest.approx((300, 300), abs=0.02), as_rembg.text


@pytest.mark.parametrize("size", ["preview", "medium", "full"])
def test_remove_bgs_size_scales_it_with_the_pixels(client: TestClient, size: str) -> None:
    """A result of fewer pixels is printed as large as the picture was."""
    scene, out = np.full((600, 1000, 3), 255, np.uint8), io.BytesIO()
    scene[100:500, 200:800] = 0
    Image.fromarray(scene).save(out, "PNG", dpi=(300, 150))

    file = {"image_file": ("a.png", out.getvalue(), "image/png")}
    response = client.post("/v1.0/removebg", files=file, data={"format": "png", "size": size})

    share = Image.open(io.BytesIO(response.content)).width / 1000
    assert (share < 1) == (size == "preview")
    assert said(response.content) == pytest.approx((300 * share, 150 * share), rel=0.003)
