"""Colour under alpha 0 is nobody's: pictures that look the same give cutouts that look the same."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from cutout.pixels.bleed import bled
from cutout.pixels.composite import compose
from cutout.pixels.finishing.background import on_background
from cutout.pixels.picture import Picture
from cutout.pixels.types import Matte, Rgba

SIZE = 120
BACKGROUNDS = ((0, 0, 0), (255, 255, 255), (255, 0, 255), (0, 160, 60))
HIDDEN = ("black", "white", "magenta", "noise", "bled")


def disc(radius: float, blur: float, size: int = SIZE) -> NDArray[np.uint8]:
    """(size, size) alpha of a soft disc in the middle."""
    image = Image.new("L", (size, size))
    middle = size / 2
    ImageDraw.Draw(image).ellipse((middle - radius, middle - radius, middle + radius, middle + radius), fill=255)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(blur)))


def hiding(rgb: NDArray[np.uint8], alpha: NDArray[np.uint8], what: str) -> Picture:
    """The picture with another colour where nothing of it is seen."""
    fills = {"black": 0, "white": 255, "magenta": (255, 0, 255), "noise": None}
    if what == "bled":
        return Picture(rgb, alpha)
    fill = fills[what]
    noise = np.random.default_rng(5).integers(0, 256, rgb.shape, np.uint8)
    behind = noise if fill is None else np.broadcast_to(np.array(fill, np.uint8), rgb.shape)
    return Picture(np.where(alpha[..., None] == 0, behind, rgb), alpha)


def furthest(first: Rgba, second: Rgba) -> int:
    """The largest difference that is seen on any background."""
    return max(int(np.abs(on_background(first, b).astype(int) - on_background(second, b)).max()) for b in BACKGROUNDS)


@pytest.mark.parametrize("hidden", HIDDEN)
@pytest.mark.parametrize("own_blur", [0.0, 3.0])
@pytest.mark.parametrize("matte_blur", [1.0, 6.0])
def test_cutouts_of_stickers_look_the_same(hidden: str, own_blur: float, matte_blur: float) -> None:
    """Black, white, magenta, noise or the subject's own colour under alpha 0: within 2/255 on every background."""
    rgb = np.full((SIZE, SIZE, 3), (250, 180, 20), np.uint8)
    rgb[:, ::7] = (40, 90, 200)
    own, matte = disc(40, own_blur), Matte(disc(41, matte_blur))

    truth = compose(Picture(rgb, own), matte, clean=True)
    found = compose(hiding(rgb, own, hidden), matte, clean=True)

    assert furthest(found, truth) <= 2


@pytest.mark.parametrize("hidden", HIDDEN)
def test_a_stickers_colour_is_its_own(hidden: str) -> None:
    """A matte that is soft over a sticker's opaque edge leaves its even colour as it is: nothing shone through."""
    rgb = np.full((SIZE, SIZE, 3), (250, 180, 20), np.uint8)

    found = compose(hiding(rgb, disc(40, 0), hidden), Matte(disc(38, 5)), clean=True)

    seen = found[..., 3] > 0
    assert np.abs(found[..., :3][seen].astype(int) - (250, 180, 20)).max() <= 2


def test_a_photograph_with_round_corners_has_its_background_taken_out() -> None:
    """A picture's own alpha far from the subject does not switch clean colours off."""
    matte = disc(30, 4)
    share = matte[..., None] / 255
    rgb = np.rint(share * (200, 30, 30) + (1 - share) * (20, 200, 40)).astype(np.uint8)

    rgba = compose(Picture(rgb, disc(59, 0)), Matte(matte), clean=True)

    soft = (rgba[..., 3] > 40) & (rgba[..., 3] < 215)
    assert np.abs(rgba[..., :3][soft].astype(int) - (200, 30, 30)).mean() < 6


@settings(max_examples=15)
@given(st.integers(0, 2**32 - 1), st.integers(1, 70), st.integers(1, 70))
def test_looks_the_same_in_looks_the_same_out(seed: int, height: int, width: int) -> None:
    """Whatever picture, own alpha and matte: what is hidden is not seen in the cutout."""
    random = np.random.default_rng(seed)
    rgb = random.integers(0, 256, (height, width, 3), np.uint8)
    own = random.choice(np.array([0, 0, 0, 30, 128, 255, 255], np.uint8), (height, width))
    matte = Matte(random.integers(0, 256, (height, width), np.uint8))
    other = np.where(own[..., None] == 0, random.integers(0, 256, rgb.shape, np.uint8), rgb)

    assert furthest(compose(Picture(rgb, own), matte, clean=True), compose(Picture(other, own), matte, clean=True)) == 0


def test_what_is_not_seen_takes_the_nearest_colour() -> None:
    """An even colour is even everywhere, and of two the nearer one is taken."""
    counted, alpha = np.zeros((3, 5, 33), np.float32), np.zeros((5, 33), np.float32)
    alpha[2, 2], alpha[2, 30] = 1, 0.5
    counted[:, 2, 2], counted[:, 2, 30] = (1, 0, 0), (0, 0, 0.5)

    colours = bled(counted, alpha)

    assert colours[0, :, :6].min() > 0.9
    assert colours[2, :, 28:32].min() > 0.9
