"""The subject's own colour under soft alpha, on composites whose truth is known."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from cutout.pixels import foreground
from cutout.pixels.foreground import decontaminate
from cutout.pixels.picture import with_alpha
from cutout.pixels.types import Alpha, Rgb

PHOTOS = Path(__file__).parents[2] / "photos"
WIDTH, HEIGHT = 450, 400
SHADES = {"green screen": (0, 200, 60), "white wall": (255, 255, 255), "night": (20, 20, 30)}


def cleaned(picture: Rgb, alpha: Alpha) -> Rgb:
    """The picture's colours with those under soft alpha replaced."""
    rgba = with_alpha(picture, alpha)
    decontaminate(rgba)
    assert np.array_equal(rgba[..., 3], alpha)
    return rgba[..., :3]


def photo(name: str) -> Rgb:
    return np.asarray(Image.open(PHOTOS / name).convert("RGB").resize((WIDTH, HEIGHT)))


def wall(colour: tuple[int, int, int]) -> Rgb:
    """An even background in uneven light: a third darker to the right."""
    light = np.linspace(1.0, 0.67, WIDTH)[None, :, None]
    return np.broadcast_to(light * colour, (HEIGHT, WIDTH, 3)).astype(np.uint8)


def disc(blur_px: float) -> Alpha:
    image = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(image).ellipse((90, 70, 360, 330), fill=255)
    return np.asarray(image.filter(ImageFilter.GaussianBlur(blur_px)))


def hair() -> Alpha:
    """A disc with 300 strands about a pixel wide."""
    image = Image.new("L", (WIDTH * 2, HEIGHT * 2))
    draw = ImageDraw.Draw(image)
    draw.ellipse((280, 230, 620, 570), fill=255)
    rng = np.random.default_rng(7)
    for angle, bend, length in zip(
        rng.uniform(0, 2 * np.pi, 300), rng.normal(0, 0.3, 300), rng.uniform(30, 160, 300), strict=True
    ):
        steps = np.linspace(0, 1, 12)
        turned = angle + bend * steps
        radius = 165 + length * steps
        strand = np.stack([450 + radius * np.cos(turned), 400 + radius * np.sin(turned)], 1)
        draw.line([tuple(point) for point in strand], fill=255, width=2)
    return np.asarray(image.resize((WIDTH, HEIGHT), Image.Resampling.BOX))


MATTES = {"sharp": disc(1), "soft": disc(4), "very soft": disc(15), "hair": hair()}


def over(colours: Rgb, alpha: Alpha, background: NDArray[Any]) -> Rgb:
    a = alpha[..., None] / 255
    mixed: NDArray[np.float64] = colours * a + background * (1 - a)
    return np.rint(mixed).astype(np.uint8)


def error(colours: Rgb, truth: Rgb, where: NDArray[np.bool_]) -> float:
    """Mean absolute difference of a channel, in 1/255."""
    return float(np.abs(colours[where].astype(int) - truth[where]).mean())


@pytest.mark.parametrize(("matte", "left"), [("sharp", 0.5), ("soft", 0.5), ("very soft", 0.62), ("hair", 0.5)])
@pytest.mark.parametrize("shade", SHADES)
@pytest.mark.parametrize("name", ["astronaut.jpg", "chelsea.jpg"])
def test_the_old_background_no_longer_shines_through(name: str, shade: str, matte: str, left: float) -> None:
    """Before an even wall, no more is left of the colours' error under soft alpha, even the faintest, than stated."""
    truth, background, alpha = photo(name), wall(SHADES[shade]), MATTES[matte]
    picture = over(truth, alpha, background)
    soft = (alpha > 0) & (alpha < 255)

    clean = cleaned(picture, alpha)

    assert error(clean, truth, soft) < left * error(picture, truth, soft)


@pytest.mark.parametrize("matte", MATTES)
@pytest.mark.parametrize("name", ["astronaut.jpg", "chelsea.jpg"])
def test_a_busy_background_is_weakened(name: str, matte: str) -> None:
    """Before another photograph, where no method can know the truth, the error still falls by a fifth at least."""
    truth, alpha = photo(name), MATTES[matte]
    picture = over(truth, alpha, photo("coffee.jpg"))
    soft = (alpha > 0) & (alpha < 255)

    assert error(cleaned(picture, alpha), truth, soft) < 0.8 * error(picture, truth, soft)


@pytest.mark.parametrize("matte", MATTES)
@pytest.mark.parametrize("shade", SHADES)
def test_the_cutout_looks_right_on_another_background(shade: str, matte: str) -> None:
    """Laid over magenta, the cutout comes closer to the truth, at least twice, than with the picture's colours."""
    truth, background, alpha = photo("astronaut.jpg"), wall(SHADES[shade]), MATTES[matte]
    picture = over(truth, alpha, background)
    soft = (alpha > 0) & (alpha < 255)
    magenta = np.broadcast_to(np.array([255, 0, 255]), truth.shape)
    right = over(truth, alpha, magenta)

    ours = error(over(cleaned(picture, alpha), alpha, magenta), right, soft)

    assert ours < 0.5 * error(over(picture, alpha, magenta), right, soft)


def test_what_is_opaque_or_empty_keeps_its_colour() -> None:
    """Colours change under soft alpha only."""
    picture, alpha = photo("chelsea.jpg"), MATTES["soft"]

    clean = cleaned(picture, alpha)

    hard = (alpha == 0) | (alpha == 255)
    assert np.array_equal(clean[hard], picture[hard])
    assert not np.array_equal(clean, picture)


@pytest.mark.parametrize("value", [0, 255])
def test_a_matte_without_soft_pixels_changes_nothing(value: int) -> None:
    """Where there is nothing to do, every colour stays."""
    picture = photo("chelsea.jpg")

    assert np.array_equal(cleaned(picture, np.full((HEIGHT, WIDTH), value, np.uint8)), picture)


def test_an_even_subject_on_an_even_wall_is_found_exactly() -> None:
    """Two colours that do not change are told apart within 3/255, from alpha 32 up."""
    alpha = MATTES["soft"]
    subject = np.broadcast_to(np.array([200, 60, 30], np.uint8), (HEIGHT, WIDTH, 3))
    picture = over(subject, alpha, np.broadcast_to(np.array([20, 90, 220]), subject.shape))

    clean = cleaned(picture, alpha)

    assert np.abs(clean[alpha >= 32].astype(int) - subject[alpha >= 32]).max() <= 3


def test_a_large_picture_is_treated_like_a_small_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only a smaller copy is solved everywhere, the error is at most a fifth larger."""
    truth, alpha = photo("astronaut.jpg"), MATTES["soft"]
    picture = over(truth, alpha, wall(SHADES["green screen"]))
    soft = (alpha > 0) & (alpha < 255)
    usual = error(cleaned(picture, alpha), truth, soft)

    monkeypatch.setattr(foreground, "DENSE_PX", 4000)

    assert error(cleaned(picture, alpha), truth, soft) < 1.2 * usual


@settings(max_examples=40)
@given(height=st.integers(1, 9), width=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_any_size_and_any_matte_will_do(height: int, width: int, seed: int) -> None:
    """Pictures down to one pixel, and mattes of noise, are done without a warning."""
    rng = np.random.default_rng(seed)
    rgb = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    alpha = rng.choice(np.array([0, 1, 127, 254, 255], np.uint8), (height, width))

    with np.errstate(all="raise"):
        cleaned(rgb, alpha)
