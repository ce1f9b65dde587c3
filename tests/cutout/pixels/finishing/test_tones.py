"""Alpha without half tones: cut at one half, and as a screen of dots that covers as much as alpha does."""

import numpy as np
import pytest
from scipy import ndimage

from cutout.pixels.finish import Finish
from cutout.pixels.finishing.finished import finished
from cutout.pixels.finishing.tones import screened
from cutout.pixels.semi_transparent import share_of
from cutout.pixels.types import Rgba

LEVELS = (0, 1, 64, 127, 128, 200, 254, 255)


def columns(side_px: int) -> Rgba:
    """A column of each level, in red."""
    alpha = np.repeat(np.array(LEVELS, np.uint8), side_px)[None].repeat(side_px, axis=0)
    rgba = np.zeros((*alpha.shape, 4), np.uint8)
    rgba[alpha > 0] = (200, 10, 20, 0)
    rgba[..., 3] = alpha
    return rgba


def test_hard_alpha_is_cut_at_one_half() -> None:
    """128 and more are opaque, and less is nothing, without colour."""
    made = finished(columns(3), Finish(alpha="hard")).pixels

    assert made[0, ::3, 3].tolist() == [0, 0, 0, 0, 255, 255, 255, 255]
    assert not made[made[..., 3] == 0].any()
    assert (made[made[..., 3] == 255, :3] == (200, 10, 20)).all()


@pytest.mark.parametrize("dots_px", [2, 3, 4, 6, 300 / 45, 8, 20])
@pytest.mark.parametrize("level", [1, 20, 64, 128, 200, 254])
def test_a_halftone_covers_as_much(dots_px: float, level: int) -> None:
    """Of an even area within 1 %, whatever the screen, also where its dots fall on whole pixels."""
    dots = screened(np.full((500, 700), level, np.uint8), dots_px)

    assert set(np.unique(dots).tolist()) <= {0, 255}
    assert abs(dots.mean() - level) / 255 <= 0.01


def test_a_halftone_of_a_soft_edge() -> None:
    """Its coverage is within 1 % of the alpha's, what is opaque stays so, and what is empty stays empty."""
    alpha = np.clip(np.hypot(*np.mgrid[-300:300, -400:400]) - 150, 0, 255).astype(np.uint8)

    dots = screened(alpha, 300 / 45)

    assert abs(dots.mean() / alpha.mean() - 1) <= 0.01
    np.testing.assert_array_equal(dots[alpha == 255], 255)
    np.testing.assert_array_equal(dots[alpha == 0], 0)


@pytest.mark.parametrize("lines", [30, 45, 60])
def test_lines_per_inch(lines: int) -> None:
    """An even quarter of 2 x 2 inches has a dot for each crossing of its lines."""
    dots = screened(np.full((600, 600), 64, np.uint8), 300 / lines)

    _, count = ndimage.label(dots)
    assert count == pytest.approx((2 * lines) ** 2, rel=0.1)


def test_a_shadow_and_a_mask_have_no_half_tones_either() -> None:
    """A shadow becomes dots, which are no part of the mask."""
    rgba = np.zeros((120, 120, 4), np.uint8)
    rgba[20:80, 40:80] = (200, 10, 20, 255)

    done = finished(rgba, Finish(alpha="halftone", shadow_percent=80, output_type="both", dpi=300))

    assert share_of(done.pixels) == 0
    assert (done.pixels[80:, :, 3] == 255).any()
    assert done.mask is not None
    np.testing.assert_array_equal(done.mask, rgba[..., 3])
