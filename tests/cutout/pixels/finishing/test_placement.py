"""Where a subject is on its canvas, and what shows through around it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutout.pixels.crop import Length, Margin, Region, subject_box
from cutout.pixels.finishing.placement import (
    Arrangement,
    arranged,
    colours,
    laid,
    opacity,
    over,
    part,
    put_back,
    shrunk,
)
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Box, Size
from cutout.pixels.types import Rgba
from tests.support import drawn_pixels

SUBJECT = Box(left=30, top=10, width=20, height=40)
CANVAS = Size(100, 80)


def cutout(box: Box = SUBJECT, size: Size = CANVAS) -> Rgba:
    """An even, opaque rectangle on nothing."""
    rgba = np.zeros((size.height, size.width, 4), np.uint8)
    rgba[box.top : box.bottom, box.left : box.right] = (200, 100, 50, 255)
    return rgba


def test_nothing_asked_leaves_it_as_it_is() -> None:
    """The default arrangement gives the same pixels and the subject's box."""
    found = arranged(cutout(), Arrangement())

    assert found is not None
    np.testing.assert_array_equal(found.rgba, cutout())
    assert found.box == SUBJECT


@pytest.mark.parametrize("how", [Arrangement(), Arrangement(crop=True), Arrangement(scale=0.5), Arrangement(most_px=9)])
def test_an_empty_cutout_has_no_subject(how: Arrangement) -> None:
    """Where nothing is seen there is nothing to arrange, and no error."""
    assert arranged(np.zeros((9, 9, 4), np.uint8), how) is None


@given(scale=st.floats(0.1, 1), across=st.floats(0, 1), down=st.floats(0, 1))
def test_scale_and_place(scale: float, across: float, down: float) -> None:
    """The subject fits its share of the canvas and lies at its place within it, each within a pixel."""
    found = arranged(cutout(), Arrangement(scale=scale, place=(across, down)))

    assert found is not None
    factor = scale * min(CANVAS.width / SUBJECT.width, CANVAS.height / SUBJECT.height)
    wide, high = SUBJECT.width * factor, SUBJECT.height * factor
    assert found.rgba.shape == (80, 100, 4)
    assert abs(found.box.width - wide) <= 1
    assert abs(found.box.height - high) <= 1
    assert abs(found.box.left - (CANVAS.width - wide) * across) <= 1
    assert abs(found.box.top - (CANVAS.height - high) * down) <= 1


def test_what_moves_keeps_its_pixels() -> None:
    """Without a scale the subject's own pixels are moved, byte for byte."""
    rgba = np.random.default_rng(1).integers(8, 256, (6, 8, 4), dtype=np.uint8)
    found = arranged(put_back(rgba, Box(3, 4, 8, 6), Size(20, 30)), Arrangement(place=(1, 0)))

    assert found is not None
    np.testing.assert_array_equal(found.rgba[:6, 12:], rgba)


def test_an_even_colour_stays_even() -> None:
    """Enlarged and shrunk, a subject of one colour has that colour in every pixel that is seen."""
    for how in (Arrangement(scale=1.0), Arrangement(scale=0.3), Arrangement(most_px=1000)):
        found = arranged(cutout(), how)
        assert found is not None
        seen = found.rgba[found.rgba[..., 3] >= 8]
        assert np.abs(seen[:, :3].astype(int) - (200, 100, 50)).max() <= 1


def test_crop_then_scale() -> None:
    """With a crop the canvas is the subject's box with its margin, and the scale is a share of that."""
    margin = Margin.of("10px")
    found = arranged(cutout(), Arrangement(crop=True, margin=margin, scale=0.5, place=(0.5, 0.5)))

    assert found is not None
    assert found.rgba.shape == (60, 40, 4)
    assert found.box == Box(12, 15, 15, 30)


@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 2000))
def test_shrunk_keeps_within_its_pixels(width: int, height: int, most_px: int) -> None:
    """Never more pixels than asked for, never none, and nothing is enlarged."""
    small = shrunk(np.full((height, width, 4), 255, np.uint8), most_px)

    assert small.shape[0] * small.shape[1] <= max(most_px, width, height)
    assert 1 <= small.shape[0] <= height
    assert 1 <= small.shape[1] <= width
    if width * height <= most_px:
        assert small.shape == (height, width, 4)


def test_a_part_and_back() -> None:
    """What is cut from a region lies where the region was; around it there is nothing."""
    rng = np.random.default_rng(2)
    picture = Picture(rng.integers(0, 255, (9, 12, 3), dtype=np.uint8), rng.integers(8, 255, (9, 12), dtype=np.uint8))
    box = Box(2, 3, 5, 4)
    whole = put_back(part(picture, box).rgba(), box, picture.size)

    assert subject_box(whole[..., 3]) == box
    np.testing.assert_array_equal(whole[3:7, 2:7], picture.rgba()[3:7, 2:7])


def test_a_region_in_pixels_and_percent() -> None:
    """Units may be mixed; percent are of the side that a number lies along."""
    region = Region(Length(10, "%"), Length(5, "px"), Length(60, "px"), Length(50, "%"))

    assert region.within(CANVAS) == Box(10, 5, 50, 35)


@given(
    drawn_pixels.cutouts(),
    st.integers(0, 255),
    st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255)),
)
def test_over_is_porter_and_duff(rgba: Rgba, alpha: int, colour: tuple[int, int, int]) -> None:
    """Colours and alpha are within 1/255 of the formula in float64; over nothing, the cutout stays."""
    mixed = over(rgba, colour, alpha).astype(float)

    above, below = rgba[..., 3:] / 255, (1 - rgba[..., 3:] / 255) * alpha / 255
    total = above + below
    with np.errstate(invalid="ignore"):
        mean = np.nan_to_num((rgba[..., :3] * above + np.array(colour) * below) / total)
    assert np.abs(mixed[..., 3:] - total * 255).max() <= 0.51
    assert np.abs(mixed[..., :3] - mean).max() <= 0.51
    np.testing.assert_array_equal(laid(rgba, None), rgba)


def test_strips_are_seamless() -> None:
    """A picture of many strips is what its rows are one by one."""
    rgba = np.random.default_rng(4).integers(0, 256, (40, 9, 4), dtype=np.uint8)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cutout.pixels.finishing.placement.STRIP_BYTES", 100)
        mixed = over(rgba, (1, 2, 3), 99)
    np.testing.assert_array_equal(mixed, np.concatenate([over(rgba[i : i + 1], (1, 2, 3), 99) for i in range(40)]))


def test_laid_on_what_lets_nothing_through_has_no_alpha() -> None:
    """On an opaque colour or a picture the result is RGB; its opacity is full, its colours are itself."""
    rgba = cutout()
    on_colour = laid(rgba, ((0, 0, 255), 255))
    on_picture = laid(rgba, Picture(np.full((80, 100, 3), 9, np.uint8)))

    assert on_colour.shape == on_picture.shape == (80, 100, 3)
    assert opacity(on_colour).min() == 255
    assert colours(rgba).shape == (80, 100, 3)
    np.testing.assert_array_equal(opacity(rgba), rgba[..., 3])
    assert laid(rgba, ((0, 0, 255), 254)).shape == (80, 100, 4)
