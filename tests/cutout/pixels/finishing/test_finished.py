"""A finish as a whole: canvas, shadow and the blurred photograph, and that they agree with each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutout.errors import ValidationError
from cutout.pixels.crop import Margin
from cutout.pixels.finish import Edge, Finish
from cutout.pixels.finishing.finished import finished
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Box, Size
from cutout.pixels.types import Rgba

sizes = st.builds(Size, st.integers(1, 60), st.integers(1, 60))
lengths = st.one_of(st.integers(0, 60).map(lambda px: f"{px}px"), st.integers(0, 50).map(lambda percent: f"{percent}%"))


def subject(box: Box, size: Size) -> Rgba:
    """A red rectangle on nothing."""
    rgba = np.zeros((size.height, size.width, 4), np.uint8)
    rgba[box.top : box.bottom, box.left : box.right] = (200, 10, 20, 255)
    return rgba


@given(sizes, sizes, lengths, st.booleans())
def test_a_canvas_has_its_size_and_holds_the_subject(size: Size, canvas: Size, margin: str, crop: bool) -> None:
    """Whatever the shapes and margins, the result is as large as asked for, and the subject is within it."""
    box = Box(size.width // 3, size.height // 3, max(1, size.width // 2), max(1, size.height // 2))
    rgba = subject(Box(box.left, box.top, min(box.width, size.width - box.left), box.height), size)

    done = finished(rgba, Finish(crop=crop, canvas=canvas, margin=Margin.of(margin)))

    assert done.pixels.shape == (canvas.height, canvas.width, 4)
    assert done.box
    assert min(done.box.left, done.box.top) >= 0
    assert min(done.box.width, done.box.height) >= 1
    assert (done.box.right <= canvas.width, done.box.bottom <= canvas.height) == (True, True)
    assert done.frame


@pytest.mark.parametrize(
    ("box", "at"),
    [
        (Box(10, 10, 40, 20), Box(20, 60, 160, 80)),  # as wide as the canvas less 10 % at each side
        (Box(10, 10, 20, 40), Box(60, 20, 80, 160)),
        (Box(0, 0, 80, 80), Box(20, 20, 160, 160)),
    ],
)
def test_a_subject_fills_its_canvas(box: Box, at: Box) -> None:
    """The subject is scaled to what the margin leaves, in the middle; the frame is the part of the picture."""
    done = finished(subject(box, Size(80, 80)), Finish(crop=True, canvas=Size(200, 200), margin=Margin.of("10%")))

    assert done.box == at
    inside = done.pixels[at.top + 3 : at.bottom - 3, at.left + 3 : at.right - 3]
    assert np.abs(inside.astype(int) - (200, 10, 20, 255)).max() <= 1
    assert not done.pixels[: at.top, :, 3].any()
    assert done.frame
    scale = at.width / box.width
    assert (done.frame.width, done.frame.height) == (round(200 / scale), round(200 / scale))
    assert abs((box.left - done.frame.left) * scale - at.left) <= scale / 2


@pytest.mark.parametrize(
    ("box", "shown"),
    [(Box(0, 0, 80, 40), Box(20, 0, 40, 40)), (Box(10, 20, 20, 60), Box(10, 40, 20, 20))],
)
def test_a_canvas_is_filled(box: Box, shown: Box) -> None:
    """The middle of what is shown covers it, and the frame says which part that is."""
    done = finished(subject(box, Size(80, 80)), Finish(crop=True, canvas=Size(100, 100), fit="fill"))

    assert (done.pixels[..., 3] == 255).all()
    assert (done.frame, done.box) == (shown, Box(0, 0, 100, 100))


def test_a_subject_beside_what_fills_the_canvas() -> None:
    """Nothing of it is found on a canvas that shows another part."""
    done = finished(subject(Box(0, 0, 10, 20), Size(100, 20)), Finish(canvas=Size(40, 40), fit="fill"))

    assert done.box is None
    assert not done.pixels.any()


def test_a_crop_that_is_too_small_for_its_print() -> None:
    """The subject's own pixels count, not the picture's."""
    finish = Finish(crop=True, canvas=Size(200, 200), dpi=100, least_dpi=50)
    finish.check_resolution(Size(100, 100))

    assert finished(subject(Box(0, 0, 100, 100), Size(100, 100)), finish).box
    with pytest.raises(ValidationError, match="has 20 dots per inch"):
        finished(subject(Box(0, 0, 40, 40), Size(100, 100)), finish)


def test_without_a_crop_the_whole_picture_is_shown() -> None:
    """A landscape picture on a square leaves room above and below, equally."""
    done = finished(subject(Box(0, 0, 100, 50), Size(100, 50)), Finish(canvas=Size(50, 50)))

    rows = np.flatnonzero(done.pixels[..., 3].any(axis=1))
    assert (rows[0], rows[-1]) == (12, 36)


def test_a_picture_without_a_subject() -> None:
    """There is nothing to crop to, to cast a shadow or to mend; the canvas is empty."""
    done = finished(
        np.zeros((9, 9, 4), np.uint8), Finish(crop=True, canvas=Size(5, 7), shadow_percent=50, edge=Edge(2, 3))
    )

    assert done.pixels.shape == (7, 5, 4)
    assert not done.pixels.any()
    assert done.box is None


def test_a_shadow_lies_below_and_not_in_the_mask() -> None:
    """It darkens what is around the subject's foot, leaves the subject as it is, and is no part of its alpha."""
    rgba = subject(Box(40, 20, 40, 60), Size(120, 120))

    done = finished(rgba, Finish(output_type="both", shadow_percent=80, background=(255, 255, 255)))

    assert done.mask is not None
    np.testing.assert_array_equal(done.mask, rgba[..., 3])
    np.testing.assert_array_equal(done.pixels[25:75, 45:75], np.full((50, 30, 3), (200, 10, 20)))
    assert done.pixels[81, 60].max() < 200
    assert (done.pixels[5, 60] == 255).all()


def test_the_photograph_lies_where_it_was() -> None:
    """Behind a cutout, a crop and an enlarged one, the blurred photograph is in place, without the subject's colour."""
    photograph = np.zeros((100, 160, 3), np.uint8)
    photograph[:, :80], photograph[:, 80:] = (0, 0, 250), (0, 250, 0)
    box = Box(70, 40, 20, 20)
    photograph[40:60, 70:90] = (250, 0, 0)
    rgba = np.dstack([photograph, subject(box, Size(160, 100))[..., 3]])
    larger = rgba.repeat(2, axis=0).repeat(2, axis=1)

    whole = finished(rgba, Finish(blur=True), Picture(photograph)).pixels
    cropped = finished(rgba, Finish(blur=True, crop=True, margin=Margin.of("30px")), Picture(photograph)).pixels
    enlarged = finished(larger, Finish(blur=True), Picture(photograph)).pixels
    beyond = finished(rgba, Finish(blur=True, crop=True, margin=Margin.of("100px")), Picture(photograph)).pixels

    assert whole[50, 80].tolist() == [250, 0, 0]
    assert np.abs(whole[5, 10].astype(int) - (0, 0, 250)).max() <= 2
    assert np.abs(whole[5, 150].astype(int) - (0, 250, 0)).max() <= 2
    assert whole[38, 66, 0] < 12  # no halo of the subject
    assert np.abs(cropped.astype(int) - whole[10:90, 40:120]).max() <= 3
    assert np.abs(enlarged[::2, ::2].astype(int) - whole).max() <= 8
    assert beyond.any(axis=2).all()  # beyond the picture's border it goes on


def test_a_blur_needs_the_photograph() -> None:
    """It is a fault of the caller, and no black background."""
    with pytest.raises(ValueError, match="photograph"):
        finished(subject(Box(1, 1, 2, 2), Size(5, 5)), Finish(blur=True))


@pytest.mark.parametrize(
    ("finish", "plain"),
    [
        (Finish(), True), (Finish(margin=Margin.of("3px")), True), (Finish(shadow_percent=1), False),
        (Finish(edge=Edge(1)), False), (Finish(canvas=Size(1, 1)), False), (Finish(blur=True), False),
        (Finish(quality=50), False), (Finish(dpi=72), False), (Finish(alpha="hard"), False),
        (Finish(fit="fill", least_dpi=9, halftone_lpi=30), True), (Finish(background=(0, 0, 0)), False),
    ],
)  # fmt: skip
def test_what_is_plain(finish: Finish, plain: bool) -> None:
    """Only a finish that changes nothing is."""
    assert finish.is_plain is plain


def test_resolution() -> None:
    """The one that is asked for; else the picture's, but on a canvas, whose size has nothing to do with it, none."""
    assert Finish().resolution((72, 72)) == (72, 72)
    assert Finish(dpi=300).resolution((72, 72)) == (300, 300)
    assert Finish(canvas=Size(5, 5)).resolution((72, 72)) is None
