"""A matte with hard and smooth edges: what rembg calls post-processing of a mask."""

from collections.abc import Callable
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from cutout.pixels.types import Alpha

SIGMA_PX = 2.0
BLUR_PX = 8
"""Reach of the blur, four sigmas as in SciPy."""
REACH_PX = 2 + BLUR_PX
"""Pixels around one that decide about it: the opening's, and the blur's."""
STRIP_PX = 256 * 1024
WEIGHTS = np.exp(-0.5 * (np.arange(-BLUR_PX, BLUR_PX + 1) / SIGMA_PX) ** 2)


def smoothed(alpha: Alpha) -> Alpha:
    """(H, W) of 0 and 255: opened by a cross of three pixels, blurred, and cut at one half, as rembg 2.0.86 does."""
    height, width = alpha.shape
    around = np.pad(alpha, REACH_PX, "symmetric")
    smooth = np.empty_like(alpha)
    rows = max(1, STRIP_PX // width)
    for top in range(0, height, rows):
        strip = around[top : top + rows + 2 * REACH_PX]
        opened = _cross(_cross(strip, np.minimum), np.maximum)
        smooth[top : top + rows] = np.where(_blurred(opened) < 127, 0, 255)
    return smooth


def _cross(pixels: Alpha, pick: Callable[[Alpha, Alpha], Alpha]) -> Alpha:
    """(h - 2, w - 2): of each pixel and its four neighbours, what `pick` prefers."""
    across, down = pixels[1:-1], pixels[:, 1:-1]
    return reduce(pick, [across[:, 1:-1], across[:, :-2], across[:, 2:], down[:-2], down[2:]])


def _blurred(pixels: Alpha) -> NDArray[np.float64]:
    """(h - 16, w - 16): a Gaussian of SIGMA_PX."""
    height, width = pixels.shape[0] - 2 * BLUR_PX, pixels.shape[1] - 2 * BLUR_PX
    weights = WEIGHTS / WEIGHTS.sum()
    rows = sum(weight * pixels[i : i + height] for i, weight in enumerate(weights))
    return np.asarray(sum(weight * np.asarray(rows)[:, i : i + width] for i, weight in enumerate(weights)))
