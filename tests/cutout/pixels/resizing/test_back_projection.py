"""Lanczos with back-projection: the enlarged picture, shrunk again, is its source."""

import numpy as np
import pytest

from cutout.pixels.plain import Size
from cutout.pixels.resizing.back_projection import ROUNDS
from cutout.pixels.resizing.resize import resize_rgba, resized_strips
from cutout.pixels.types import Rgba
from tests.cutout.pixels.resizing.test_resize import Floats, cutout, lanczos3, noise, photo


def premultiplied(rgba: Rgba) -> Floats:
    """(H, W, 4) in 0..255."""
    alpha = rgba[..., 3:].astype(np.float64)
    return np.dstack([rgba[..., :3] * alpha / 255, alpha])


def along(weights: Floats, planes: Floats, axis: int) -> Floats:
    return np.moveaxis(np.tensordot(weights, planes, (1, axis)), 0, axis)


def step_by_step(planes: Floats, size: Size) -> Floats:
    """Enlarged along each axis in turn; what shrinking loses is added again and again."""
    for axis, target_px in ((1, size.width), (0, size.height)):
        source_px = planes.shape[axis]
        up, down = lanczos3(source_px, target_px), lanczos3(target_px, source_px)
        larger = along(up, planes, axis)
        for _ in range(ROUNDS):
            larger = larger + along(up, planes - along(down, larger, axis), axis)
        planes = larger
    return planes


@pytest.mark.parametrize("factor", [2, 4])
@pytest.mark.parametrize("softness_px", [2, 8])
def test_shrunk_again_it_is_the_source(factor: int, softness_px: float) -> None:
    """Premultiplied colour and alpha are within 0.2 of 255 on average; by plain Lanczos they are not."""
    source = cutout(photo("chelsea.jpg"), softness_px)
    size = Size(source.shape[1], source.shape[0])

    sharp, plain = (
        np.abs(
            premultiplied(resize_rgba(resize_rgba(source, size.times(factor), method), size)) - premultiplied(source)
        )
        for method in ("lanczos_sharp", "lanczos")
    )

    assert sharp.mean(axis=(0, 1)).max() <= 0.2
    assert plain[..., :3].mean() > 2 * sharp[..., :3].mean()


@pytest.mark.parametrize("size", [Size(320, 260), Size(640, 520), Size(401, 299)])
def test_it_is_the_iteration(size: Size) -> None:
    """Opaque pixels are those of Irani and Peleg's rounds in float64, within 1/255, at the picture's edges too."""
    source = noise(130, 160, 4) | np.array([0, 0, 0, 255], np.uint8)

    made = resize_rgba(source, size, "lanczos_sharp")

    expected = step_by_step(source[..., :3].astype(np.float64), size).clip(0, 255)
    assert np.abs(made[..., :3] - expected).max() <= 1
    assert (made[..., 3] == 255).all()


def test_strips_are_the_whole() -> None:
    """Made strip by strip it is the same, to the byte."""
    rgba = cutout(photo("astronaut.jpg")[:200, :300])
    size = Size(1200, 800)

    strips = resized_strips(rgba, size, "lanczos_sharp").whole()

    np.testing.assert_array_equal(strips, resize_rgba(rgba, size, "lanczos_sharp"))


def test_colours_do_not_bleed() -> None:
    """A subject of one colour keeps it, and what is transparent has none."""
    rgba = cutout(noise(90, 120, 3), softness_px=1)
    rgba[rgba[..., 3] > 0, :3] = (255, 0, 90)

    made = resize_rgba(rgba, Size(480, 360), "lanczos_sharp")

    assert np.abs(made[made[..., 3] >= 4, :3].astype(int) - (255, 0, 90)).max() <= 1
    assert not made[made[..., 3] == 0].any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (3, 2)])
def test_the_smallest_pictures(shape: tuple[int, int]) -> None:
    """A single pixel, or a row of a few, is enlarged, too."""
    made = resize_rgba(np.full((*shape, 4), 200, np.uint8), Size(shape[1] * 4, shape[0] * 4), "lanczos_sharp")

    assert (made == 200).all()
