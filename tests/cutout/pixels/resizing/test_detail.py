"""Enlarging by a network, in tiles: no seams, the picture itself when shrunk, and nothing of hidden colours."""

import numpy as np
import pytest

from cutout.pixels.plain import Size
from cutout.pixels.resizing import detail
from cutout.pixels.resizing.detail import detailed
from cutout.pixels.resizing.resize import resize_rgba
from tests.cutout.pixels.resizing.test_back_projection import premultiplied
from tests.cutout.pixels.resizing.test_resize import cutout, photo
from tests.support.enlarging import Doubling


def test_tiles_leave_no_seam(monkeypatch: pytest.MonkeyPatch) -> None:
    """In small tiles it is the same as in one, within a level of rounding."""
    source = cutout(photo("chelsea.jpg")[:150, :200])
    whole = detailed(source, Doubling())
    monkeypatch.setattr(detail, "TILE_PX", 32)

    assert np.abs(premultiplied(detailed(source, Doubling())) - premultiplied(whole)).max() <= 1.5


def test_shrunk_again_it_is_the_source() -> None:
    """Whatever the network makes up, within half a level of 255 on average."""
    source = cutout(photo("chelsea.jpg")[:150, :200], 4)
    shrunk = resize_rgba(detailed(source, Doubling()), Size(200, 150))

    assert np.abs(premultiplied(shrunk) - premultiplied(source)).mean(axis=(0, 1)).max() <= 0.5


def test_hidden_colours_have_no_influence() -> None:
    """Colours under alpha 0 do not reach the result, and its own are 0."""
    source = cutout(photo("astronaut.jpg")[:120, :120])
    other = source.copy()
    other[other[..., 3] == 0, :3] = (255, 0, 255)
    made = detailed(source, Doubling())

    np.testing.assert_array_equal(detailed(other, Doubling()), made)
    assert not made[made[..., 3] == 0].any()
    assert not detailed(np.full((40, 30, 4), (9, 9, 9, 0), np.uint8), Doubling()).any()


@pytest.mark.parametrize("shape", [(1, 1), (3, 300), (257, 2)])
def test_any_size(shape: tuple[int, int]) -> None:
    """An even picture stays even, in colour and alpha."""
    made = detailed(np.full((*shape, 4), 200, np.uint8), Doubling())

    assert made.shape == (shape[0] * 2, shape[1] * 2, 4)
    assert np.abs(made.astype(int) - 200).max() <= 1
