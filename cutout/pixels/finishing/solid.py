"""A cutout without transparency within its subject: a car whose windows hide what was behind them."""

from typing import Final

import numpy as np
import scipy

from cutout.pixels.crop import SEEN
from cutout.pixels.types import Alpha

EDGE: Final = 0.01
"""Width of the soft edge that stays, as a share of the picture's longer side."""


def solid(alpha: Alpha) -> Alpha:
    """(H, W): 255 where alpha is at least SEEN and farther than the edge from all that is less; elsewhere as it was.

    A hole, such as that of a handle, stays a hole.
    """
    reach_px = 2 * max(1, round(EDGE * max(alpha.shape))) + 1
    lowest = scipy.ndimage.minimum_filter(alpha, reach_px, mode="nearest")
    return np.where(lowest >= SEEN, np.uint8(255), alpha)
