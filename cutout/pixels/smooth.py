"""A matte with hard, smoothed edges: what rembg calls post-processing of a mask."""

import numpy as np
import scipy

from cutout.pixels.types import Alpha

SIGMA_PX = 2.0
CROSS = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], np.bool_)


def smoothed(alpha: Alpha) -> Alpha:
    """(H, W) of 0 and 255: opened by a cross of three pixels, blurred, and thresholded at one half.

    The steps are those of `post_process` in rembg 2.0.86, which blurs in float64; a pixel may differ from rembg's only
    where the blurred value is within 0.001 of the threshold.
    """
    opened = scipy.ndimage.grey_opening(alpha, footprint=CROSS)
    blurred = scipy.ndimage.gaussian_filter(opened, SIGMA_PX, output=np.float32)
    return np.where(blurred < 127, np.uint8(0), np.uint8(255))
