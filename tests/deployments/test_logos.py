"""White logos on transparency, by real networks: no part of them is lost without a word."""

# mypy: disable-error-code="func-returns-value"

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw
from scipy import ndimage

from cutout.pixels.ground import kept, shown
from cutout.pixels.picture import Picture
from cutout.pixels.types import Alpha
from tests.support.networks import PHOTOS, shipped

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
WHITE, RED = (255, 255, 255), (200, 40, 40)


def logo(names: tuple[str, ...], colour: tuple[int, int, int]) -> Picture:
    """Those of LOGOS, in one picture."""
    image = Image.new("L", (900, 600))
    for name in names:
        LOGOS[name](ImageDraw.Draw(image))
    return Picture(np.full((600, 900, 3), colour, np.uint8), np.asarray(image))


@cache
def left(model_id: str, names: tuple[str, ...], colour: tuple[int, int, int]) -> tuple[Alpha, Alpha, str | None]:
    """The picture's alpha, what is left of it, and the note."""
    picture = logo(names, colour)
    assert picture.alpha is not None
    matte = kept(picture, shipped(model_id).matte(Picture(shown(picture))))
    return picture.alpha, np.minimum(picture.alpha, matte.alpha), matte.note


@pytest.mark.parametrize(
    ("model_id", "names", "colour"),
    [
        *(("local_u2netp", (name,), colour) for name in LOGOS for colour in (WHITE, RED)),
        ("local_isnet", ("text", "far dots"), WHITE),  # IS-Net takes a second a picture: both at once
    ],
)
def test_each_part_of_a_logo_is_there(model_id: str, names: tuple[str, ...], colour: tuple[int, int, int]) -> None:
    """Of each letter, ring and dot more than half is left, in white, and in red, whatever the network sees in it."""
    own, alpha, _ = left(model_id, names, colour)
    labels, count = ndimage.label(own >= 128, np.ones((3, 3)))

    shares = ndimage.mean(alpha >= 64, labels, range(1, count + 1))

    assert count > 1
    assert np.min(shares) > 0.5


def test_what_u2netp_loses_is_kept_with_a_note() -> None:
    """It overlooks the red bar beside a disc."""
    own, alpha, note = left("local_u2netp", ("a disc and a bar",), RED)

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
