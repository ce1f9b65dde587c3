"""White logos on transparency, by real networks: no part of them is lost without a word."""

# mypy: disable-error-code="func-returns-value"

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from cutout.pixels.ground import kept, shown
from cutout.pixels.picture import Picture
from cutout.pixels.types import Alpha
from deployments.backends.onnx import OnnxBackend
from tests.deployments.test_onnx import shipped

PHOTOS = sorted((Path(__file__).parents[1] / "photos").glob("*.jpg"))
Draw = ImageDraw.ImageDraw
LOGOS: Mapping[str, Callable[[Draw], object]] = {
    "a disc and a bar": lambda d: (
        d.ellipse((80, 100, 480, 500), fill=255),
        d.rectangle((620, 280, 850, 320), fill=255),
    ),
    "rings": lambda d: [d.ellipse((60 + 260 * n, 180, 300 + 260 * n, 420), outline=255, width=26) for n in range(3)],
    "text": lambda d: d.text((60, 220), "Cutout 4711", font_size=140, fill=255),
    "a mark and small text": lambda d: (
        d.ellipse((300, 40, 600, 340), fill=255),
        d.text((80, 480), "since 1911, here", font_size=50, fill=255),
    ),
    "far dots": lambda d: [d.ellipse((x, y, x + 50, y + 40), fill=255) for x in (20, 830) for y in (20, 540)],
}
WHITE_AND_RED = ((255, 255, 255), (200, 40, 40))


def logo(name: str, colour: tuple[int, int, int]) -> Picture:
    image = Image.new("L", (900, 600))
    LOGOS[name](ImageDraw.Draw(image))
    return Picture(np.full((600, 900, 3), colour, np.uint8), np.asarray(image))


def left(picture: Picture, backend: OnnxBackend) -> tuple[Alpha, Alpha, str | None]:
    """The picture's alpha, what is left of it, and the note."""
    assert picture.alpha is not None
    matte = kept(picture, backend.matte(Picture(shown(picture))))
    return picture.alpha, np.minimum(picture.alpha, matte.alpha), matte.note


@pytest.mark.parametrize(
    ("model_id", "name"),
    [*(("local_u2netp", name) for name in LOGOS), ("local_isnet", "text"), ("local_isnet", "far dots")],
)
def test_each_part_of_a_logo_is_there(model_id: str, name: str) -> None:
    """Of each letter, ring and dot more than half is left, in white, and in red, whatever the network sees in it."""
    for colour in WHITE_AND_RED[: 1 if model_id == "local_isnet" else 2]:  # IS-Net takes a second a picture
        own, alpha, _ = left(logo(name, colour), shipped(model_id))
        labels, count = ndimage.label(own >= 128, np.ones((3, 3)))

        shares = ndimage.mean(alpha >= 64, labels, range(1, count + 1))

        assert count > 1
        assert np.min(shares) > 0.5, colour


def test_what_u2netp_loses_is_kept_with_a_note() -> None:
    """It overlooks the red bar beside a disc."""
    own, alpha, note = left(logo("a disc and a bar", (200, 40, 40)), shipped("local_u2netp"))

    assert np.array_equal(alpha[:, 600:], own[:, 600:])
    assert note is not None


@pytest.mark.parametrize("file", PHOTOS, ids=lambda file: file.stem)
def test_photographs_with_transparent_corners_are_as_before(file: Path) -> None:
    """They are one part, in which the network finds its subject: the matte is the network's own."""
    rgb = np.asarray(Image.open(file).convert("RGB"))
    y, x = np.mgrid[-1 : 1 : rgb.shape[0] * 1j, -1 : 1 : rgb.shape[1] * 1j]
    picture = Picture(rgb, np.clip((1.2 - np.hypot(x, y)) * 300, 0, 255).astype(np.uint8))
    matte = shipped("local_u2netp").matte(Picture(shown(picture)))

    assert kept(picture, matte) is matte
