"""What is made of a cutout without a model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageOps

from cutout.errors import ValidationError
from cutout.pixels.crop import MOST_PX, SEEN, Margin, enlarged, subject_box
from cutout.pixels.finish import Finish, check_format, colour
from cutout.pixels.finishing.background import covering, on_background
from cutout.pixels.finishing.finished import finished
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Box, Size
from cutout.pixels.resizing.resize import resize_rgba
from cutout.pixels.types import Rgba
from tests.support import drawn_pixels

cutouts = drawn_pixels.cutouts()
sides = drawn_pixels.sides(24)
colours = st.tuples(st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))
lengths = st.one_of(st.integers(0, 60).map(lambda px: f"{px}px"), st.integers(0, 50).map(lambda percent: f"{percent}%"))


def subject(box: Box, size: Size, alpha: int = 255) -> Rgba:
    """A red rectangle on nothing."""
    rgba = np.zeros((size.height, size.width, 4), np.uint8)
    rgba[box.top : box.bottom, box.left : box.right] = (200, 10, 20, alpha)
    return rgba


@given(cutouts, colours)
def test_a_colour_behind_is_the_formula(rgba: Rgba, behind: tuple[int, int, int]) -> None:
    """Every channel is within half of 1/255 of colour times alpha plus background times the rest, in float64."""
    laid = on_background(rgba, behind)

    alpha = rgba[..., 3:] / 255
    exact = rgba[..., :3] * alpha + np.array(behind) * (1 - alpha)
    assert laid.shape == (*rgba.shape[:2], 3)
    assert np.abs(laid - exact).max() <= 0.5 + 1e-9


@given(cutouts, colours)
def test_strips_are_seamless(rgba: Rgba, behind: tuple[int, int, int]) -> None:
    """A picture of many strips is what its rows are one by one."""
    tall = np.ascontiguousarray(np.broadcast_to(rgba, (80, *rgba.shape))).reshape(-1, *rgba.shape[1:])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cutout.pixels.finishing.background.STRIP_BYTES", 300)
        laid = on_background(tall, behind)
    np.testing.assert_array_equal(laid.reshape(80, *rgba.shape[:2], 3)[7], on_background(rgba, behind))


@given(cutouts)
def test_the_box_is_the_smallest_with_all_that_is_seen(rgba: Rgba) -> None:
    """No pixel of the subject is outside, and each side of the box touches one."""
    alpha = rgba[..., 3]
    box = subject_box(alpha)
    seen = alpha >= SEEN
    if box is None:
        assert not seen.any()
        return
    within = seen[box.top : box.bottom, box.left : box.right]
    assert within.shape == (box.height, box.width)
    assert within.sum() == seen.sum()
    assert all(edge.any() for edge in (within[0], within[-1], within[:, 0], within[:, -1]))


@given(cutouts, st.lists(lengths, min_size=4, max_size=4))
def test_a_crop_is_the_subject_and_its_margin(rgba: Rgba, sides: list[str]) -> None:
    """The crop shows the same pixels at the same places, nothing beyond the picture, and says where they lie."""
    margin = Margin.of(" ".join(sides))
    whole = subject_box(rgba[..., 3])
    done = finished(rgba, Finish(crop=True, margin=margin))
    if whole is None:
        assert done.frame is None
        np.testing.assert_array_equal(done.pixels, rgba)
        return
    assert done.box
    assert done.frame
    assert done.pixels.shape == (done.frame.height, done.frame.width, 4)
    assert done.box == Box(margin.left.px(whole.width), margin.top.px(whole.height), whole.width, whole.height)
    assert (done.frame.left + done.box.left, done.frame.top + done.box.top) == (whole.left, whole.top)
    padded = np.pad(rgba, ((80, 80), (80, 80), (0, 0)))
    rows = slice(done.frame.top + 80, done.frame.bottom + 80)
    np.testing.assert_array_equal(done.pixels, padded[rows, done.frame.left + 80 : done.frame.right + 80])


@pytest.mark.parametrize("factor", [2, 4])
def test_an_enlarged_box_has_the_soft_edge(factor: int) -> None:
    """Outside of it alpha is ringing alone, under 4 %; a side on the picture's own edge stays there."""
    size = Size(20, 10)
    larger = resize_rgba(subject(Box(0, 3, 8, 4), size), size.times(factor))

    box = enlarged(Box(0, 3, 8, 4), factor, size)

    assert (box.left, box.top) == (0, 3 * factor - factor // 2)
    assert (box.width, box.height) == (8 * factor + factor // 2, 4 * factor + factor)
    outside = larger[..., 3].copy()
    outside[box.top : box.bottom, box.left : box.right] = 0
    assert outside.max() < 0.04 * 255


def test_margins_as_css_has_them() -> None:
    """One value goes all round; two are top and bottom, left and right; percent is of the subject's own side."""
    box = Box(100, 50, 40, 20)

    assert Margin.of("10px").around(box) == Box(90, 40, 60, 40)
    assert Margin.of("10").around(box) == Box(90, 40, 60, 40)
    assert Margin.of("50% 10%").around(box) == Box(96, 40, 48, 40)
    assert Margin.of("1px 2px 3px 4px").around(box) == Box(96, 49, 46, 24)


@pytest.mark.parametrize(
    "text", ["", "px", "-3px", "1 2 3", "51%", f"{MOST_PX + 1}px", "10em", "1,2", "nan%", "1 2 3 4 5"]
)
def test_other_margins_are_refused(text: str) -> None:
    """What is no margin, or too wide, is an error that names the field and what was expected."""
    with pytest.raises(ValidationError, match="crop_margin: one, two or four"):
        Margin.of(text)


def test_masks() -> None:
    """A mask is the alpha, alone or beside the cutout, and cropped like it."""
    rgba = subject(Box(4, 2, 3, 5), Size(20, 10), alpha=140)

    alone = finished(rgba, Finish(output_type="mask", crop=True, margin=Margin.of("1px")))
    both = finished(rgba, Finish(output_type="both", background=(0, 0, 0)))

    assert alone.mask is None
    assert alone.pixels.shape == (7, 5)
    assert alone.pixels[3, 2] == 140
    assert alone.pixels[0, 0] == 0
    assert both.pixels.shape == (10, 20, 3)
    assert both.mask is not None
    np.testing.assert_array_equal(both.mask, rgba[..., 3])


@given(sides, sides)
def test_a_background_covers_the_whole(source: tuple[int, int], target: tuple[int, int]) -> None:
    """A picture of one colour, of whatever shape, fills a result of whatever shape with that colour."""
    grey = np.full((*source, 3), 77, np.uint8)
    covered = covering(grey, Size(target[1], target[0]))
    assert covered.shape == (*target, 3)
    assert np.abs(covered.astype(int) - 77).max() <= 1


@pytest.mark.parametrize(("source", "target"), [((300, 400), (200, 200)), ((64, 96), (128, 128)), ((90, 60), (30, 30))])
def test_a_background_is_fitted_as_pillow_fits(source: tuple[int, int], target: tuple[int, int]) -> None:
    """Where the crop has whole pixels, the result is that of PIL.ImageOps.fit, within 2/255."""
    noise = np.random.default_rng(7).integers(0, 256, (*source, 3), dtype=np.uint8)
    fitted = ImageOps.fit(Image.fromarray(noise), target[::-1], Image.Resampling.LANCZOS)
    covered = covering(noise, Size(target[1], target[0]))
    inner = (slice(8, -8), slice(8, -8))  # the kernel of `fit` reaches beyond its crop

    assert np.abs(covered.astype(int) - np.asarray(fitted))[inner].max() <= 2


def test_a_background_is_centred() -> None:
    """Of a wide picture behind a square, the middle is shown, unscaled where it fits."""
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 200
    assert (covering(wide, Size(10, 10)) == 200).all()


def test_what_is_transparent_in_a_background_turns_white() -> None:
    """A result on a background is opaque, whatever the background."""
    clear = Picture(np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint8))
    assert (on_background(np.zeros((4, 4, 4), np.uint8), clear) == 255).all()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("#ff8800", (255, 136, 0)), ("#F80", (255, 136, 0)), ("Teal", (0, 128, 128)), (" white ", (255, 255, 255)),
        ("#ff88001", None), ("#12345g", None), ("#ff880080", None), ("rgb(1,2,3)", None), ("no colour", None),
        ("", None),
    ],
)  # fmt: skip
def test_colours(text: str, expected: tuple[int, int, int] | None) -> None:
    """Hex of three or six digits, and CSS names, are colours; nothing else is."""
    assert colour(text) == expected


def test_formats_that_cannot_be() -> None:
    """JPEG needs a background, and a mask has none; each error names its field."""
    with pytest.raises(ValidationError, match="output_format: jpeg has no transparency; a background is expected"):
        check_format("cutout", "jpeg", has_background=False)
    with pytest.raises(ValidationError, match="background: a mask has none"):
        check_format("mask", "png", has_background=True)
    check_format("cutout", "jpeg", has_background=True)
    check_format("mask", "avif", has_background=False)
