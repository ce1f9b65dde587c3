"""Pictures that are transparent already: what a model sees behind them, and what counts where it finds nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cutout.pixels.ground import KEPT_NOTE, PARTS_NOTE, ground, kept, shown
from cutout.pixels.picture import Picture
from cutout.pixels.types import Matte


def logo(*colours: tuple[int, int, int]) -> Picture:
    """Stripes of some colours on transparency."""
    rgb, alpha = np.zeros((40, 60, 3), np.uint8), np.zeros((40, 60), np.uint8)
    for at, colour in enumerate(colours):
        rgb[10:30, 5 + 10 * at : 12 + 10 * at] = colour
    alpha[10:30, 5 : 12 + 10 * (len(colours) - 1)] = np.where(
        rgb[10:30, 5 : 12 + 10 * (len(colours) - 1)].any(-1), 255, 0
    )
    return Picture(rgb, alpha)


@pytest.mark.parametrize(
    "colours",
    [((255, 255, 255),), ((245, 240, 220),), ((255, 255, 255), (1, 1, 1)), ((250, 250, 250), (0, 90, 160)),
     ((255, 230, 0), (250, 250, 250), (1, 1, 1))],
)  # fmt: skip
def test_the_ground_contrasts_with_every_colour_that_is_seen(colours: tuple[tuple[int, int, int], ...]) -> None:
    """A white logo is not shown on white, nor a white and black one on either; and so on."""
    picture = logo(*colours)
    seen = shown(picture)
    behind = seen[0, 0].astype(int)

    assert all(np.abs(behind - colour).max() >= 96 for colour in colours)
    assert picture.alpha is not None
    assert np.array_equal(seen[picture.alpha == 255], picture.rgb[picture.alpha == 255])


@pytest.mark.parametrize("colour", [(0, 0, 1), (200, 30, 30), (90, 90, 90), (20, 160, 20)])
def test_what_white_shows_stays_on_white(colour: tuple[int, int, int]) -> None:
    """Networks know objects on white best; one white spark in the eye of a dark subject changes nothing."""
    picture = logo(colour)
    picture.rgb[12, 6] = 255

    assert (shown(picture)[0, 0] == 255).all()


@settings(max_examples=50)
@given(st.integers(0, 2**32 - 1))
def test_what_is_hidden_does_not_choose(seed: int) -> None:
    """Colour under alpha 0 changes nothing that a model sees."""
    random = np.random.default_rng(seed)
    rgb, alpha = random.integers(0, 256, (9, 9, 3), np.uint8), random.choice(np.array([0, 7, 255], np.uint8), (9, 9))
    other = np.where(alpha[..., None] == 0, random.integers(0, 256, rgb.shape, np.uint8), rgb)

    assert np.array_equal(shown(Picture(rgb, alpha)), shown(Picture(other, alpha)))


def test_an_invisible_picture_has_a_ground() -> None:
    """Nothing is seen: it is white."""
    assert ground(np.zeros((3, 3, 3), np.uint8), np.zeros((3, 3), np.uint8)) == (255, 255, 255)


def test_the_callers_alpha_is_kept_where_nothing_is_found() -> None:
    """A model that found nothing leaves the picture as transparent as it came, and the note says so."""
    picture, nothing = logo((255, 255, 255)), np.zeros((40, 60), np.uint8)

    found = kept(picture, Matte(nothing, note="Seen smaller."))

    assert picture.alpha is not None
    assert np.array_equal(found.alpha, picture.alpha)
    assert found.note == f"Seen smaller. {KEPT_NOTE}"


def test_a_subject_that_is_found_is_cut_out() -> None:
    """Something found in each part of a transparent picture, or nothing in an opaque one, is the model's word."""
    picture, matte = logo((255, 255, 255), (1, 1, 1)), np.zeros((40, 60), np.uint8)
    empty = Matte(matte)

    assert kept(Picture(picture.rgb), empty) is empty

    matte[10:30, 5:12] = matte[10:22, 15:22] = 255
    some = Matte(matte)
    assert kept(picture, some) is some


@pytest.mark.parametrize("size", [(40, 60), (1500, 2600)])
@pytest.mark.parametrize("haze", [0, 100])
def test_a_part_that_was_lost_keeps_its_alpha(size: tuple[int, int], haze: int) -> None:
    """Of two bars the model found one: the other stays as it came, soft edge and colour; the first is the model's."""
    height, width = size
    own, matte = np.zeros(size, np.uint8), np.full(size, haze, np.uint8)
    left, right = np.s_[height // 4 : height // 2, : width // 3], np.s_[height // 4 : height // 2, width // 2 :]
    own[left] = own[right] = 255
    own[height // 4, width // 2 :] = 3
    matte[left] = 200
    picture = Picture(np.full((*size, 3), 250, np.uint8), own)

    found = kept(picture, Matte(matte, rgb=np.zeros((*size, 3), np.uint8)))

    assert np.array_equal(np.minimum(found.alpha, own)[right], own[right])
    assert (found.alpha[left] == 200).all()
    assert found.note == PARTS_NOTE
    assert found.rgb is not None
    assert (found.rgb[right] == 250).all()
    assert not found.rgb[left].any()


def test_a_photograph_with_a_transparent_border_is_cut_out() -> None:
    """One part, of which the model found a small subject: it alone is left. Specks around it are the model's, too."""
    own, matte = np.zeros((200, 300), np.uint8), np.zeros((200, 300), np.uint8)
    own[20:180, 20:280] = 255
    own[5, 5] = own[190, 290] = 255
    matte[90:100, 100:120] = 255
    found = Matte(matte)

    assert kept(Picture(np.zeros((200, 300, 3), np.uint8), own), found) is found
