"""A matte made hard as rembg makes it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.ndimage import gaussian_filter
from skimage.morphology import disk, opening

from cutout.pixels.smooth import smoothed
from cutout.pixels.types import Alpha


@given(st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(lambda side: arrays(np.uint8, side)))
def test_is_rembgs(alpha: Alpha) -> None:
    """Every pixel is as `post_process` of rembg 2.0.86 makes it by its libraries, but where rounding decides."""
    blurred = gaussian_filter(opening(alpha, disk(1)).astype(np.float64), sigma=2)

    clear = np.abs(blurred - 127) > 1e-6
    np.testing.assert_array_equal(smoothed(alpha)[clear], np.where(blurred < 127, 0, 255)[clear])


def test_strips_are_seamless(monkeypatch: pytest.MonkeyPatch) -> None:
    """A matte of many strips is what it is as a whole."""
    blocks = np.random.default_rng(5).integers(0, 256, (9, 5), dtype=np.uint8)
    alpha = np.kron(blocks, np.ones((10, 10), np.uint8))
    whole = smoothed(alpha)
    monkeypatch.setattr("cutout.pixels.smooth.STRIP_PX", 350)

    np.testing.assert_array_equal(smoothed(alpha), whole)
    assert set(np.unique(whole)) == {0, 255}
