"""A matte smoothed and thresholded as rembg does it."""

import numpy as np
from hypothesis import given
from scipy.ndimage import gaussian_filter
from skimage.morphology import disk, opening

from cutout.pixels.smooth import smoothed
from cutout.pixels.types import Alpha
from tests.support import drawn_pixels

TOLERANCE = 1e-3
"""Distance from the threshold, of 255, within which float32 and float64 may fall on either side."""


@given(drawn_pixels.alphas(40))
def test_is_rembgs(alpha: Alpha) -> None:
    """Every pixel is as `post_process` of rembg 2.0.86 makes it but where rounding decides."""
    blurred = gaussian_filter(opening(alpha, disk(1)).astype(np.float64), sigma=2)

    clear = np.abs(blurred - 127) > TOLERANCE
    np.testing.assert_array_equal(smoothed(alpha)[clear], np.where(blurred < 127, 0, 255)[clear])
