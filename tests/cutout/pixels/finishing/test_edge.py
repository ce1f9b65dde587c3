"""A cutout's edge, moved inwards and softened."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from cutout.pixels.finish import Edge
from cutout.pixels.finishing.edge import choked, edged, feathered
from cutout.pixels.plain import MOST_CHOKE_PX, MOST_FEATHER_PX
from cutout.pixels.types import Alpha
from tests.support import drawn_pixels

alphas = drawn_pixels.alphas()


@given(alphas, st.integers(1, MOST_CHOKE_PX))
def test_a_choke_is_an_erosion_by_a_disc(alpha: Alpha, radius: int) -> None:
    """Each pixel has the lowest alpha within the disc; beyond the picture its border is repeated."""
    rows, columns = np.mgrid[-radius : radius + 1, -radius : radius + 1]
    disc = rows**2 + columns**2 <= radius**2

    np.testing.assert_array_equal(
        choked(alpha, radius), ndimage.grey_erosion(alpha, footprint=disc, mode="nearest"), strict=True
    )


@given(alphas, st.integers(0, MOST_FEATHER_PX))
def test_a_feather_only_takes_away(alpha: Alpha, width: int) -> None:
    """No pixel becomes more opaque; without a feather nothing changes."""
    soft = feathered(alpha, width)

    assert (soft <= alpha).all()
    if not width:
        np.testing.assert_array_equal(soft, alpha)


@pytest.mark.parametrize("width", [4, 10, 30])
def test_a_feather_fades_over_its_width(width: int) -> None:
    """From the edge inwards alpha grows steadily, from nearly 0 to nearly all of it; deep inside, glass stays glass."""
    alpha = np.zeros((200, 200), np.uint8)
    alpha[:, 100:] = 200

    row = feathered(alpha, width)[100].astype(int)

    assert row[100] <= 200 * 2 / width
    assert row[100 + width] >= 185
    assert (np.diff(row) >= 0).all()
    assert row[199] == 200  # the picture's border is no edge


def test_colours_under_no_alpha_go() -> None:
    """What an edge removes cannot be recovered; the array that was given is unchanged."""
    rgba = np.zeros((20, 20, 4), np.uint8)
    rgba[5:15, 5:15] = (1, 2, 3, 255)
    before = rgba.copy()

    made = edged(rgba, Edge(choke_px=2))

    assert made[7:13, 7:13].tolist() == before[7:13, 7:13].tolist()
    assert not made[5:7].any()
    np.testing.assert_array_equal(rgba, before)
