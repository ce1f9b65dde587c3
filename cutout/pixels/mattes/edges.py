"""Whether a matte's edges are the picture's, over all of it and around every place."""

import numpy as np
import scipy
from PIL import Image

from cutout.pixels.types import Alpha, Plane, Rgb

LOOK_PX = 512
"""Longer side at which edges are compared."""
NEAR_PX = 8
"""How far around a pixel, at that size, its gradient is compared with others."""
NOISE = 4.0
"""Levels of gradient, in a plain neighbourhood, that are no edge."""
BLOCK_PX = 4
"""Side of the squares, at that size, by which `around` tells places apart."""
REACH = 4.0
"""Standard deviation, in those squares, of the Gaussian that says what is around a place."""
FAINT, USUAL = 0.0025, 0.4
"""Where a matte has hardly any edge around, less than FAINT a pixel, its alignment is taken to be USUAL."""


def strength(rgb: Rgb) -> Plane:
    """How strong the picture's gradient is for its neighbourhood, 0 to 1, at 512 px of the longer side.

    |grad I| / (M + 4), where |grad I| is the largest over channels and M the most of it within 8 px, so that a faint
    outline counts as much as a strong one. `rgb` is (H, W, 3), bytes.
    """
    seen = _gradient(_small(rgb))
    found: Plane = seen / (scipy.ndimage.maximum_filter(seen, 2 * NEAR_PX + 1) + np.float32(NOISE))
    return found


def edges(alpha: Alpha) -> Plane:
    """|grad a| of a matte, (H, W), bytes, at 512 px of its longer side; alpha in 0..1."""
    return _gradient(_small(alpha)[..., None]) / np.float32(255)


def alignment(found: Plane, outline: Plane) -> float:
    """The mean of a picture's `strength`, weighted by a matte's `edges`: 0 to 1; 0 where either has none."""
    total = float(outline.sum(dtype=np.float64))
    return float((found * outline).sum(dtype=np.float64)) / total if total else 0.0


def around(found: Plane, outline: Plane) -> Plane:
    """The same around every place, 0 to 1, for squares of 4 px: (h / 4, w / 4), rounded up."""
    there, strong = (
        scipy.ndimage.gaussian_filter(_blocks(plane), REACH, truncate=2) for plane in (outline, found * outline)
    )
    share: Plane = (strong + np.float32(FAINT * USUAL)) / (there + np.float32(FAINT))
    return share


def _blocks(plane: Plane) -> Plane:
    return np.asarray(Image.fromarray(plane).reduce(BLOCK_PX))


def _small(pixels: Rgb | Alpha) -> np.ndarray:
    height, width = pixels.shape[:2]
    shrink = max(1.0, max(height, width) / LOOK_PX)
    size = max(1, round(width / shrink)), max(1, round(height / shrink))
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))


def _gradient(planes: np.ndarray) -> Plane:
    """The largest over channels of the length of the central differences, (H, W) of (H, W, C)."""
    value = np.pad(planes.astype(np.float32), ((1, 1), (1, 1), (0, 0)), mode="edge")
    across, down = value[1:-1, 2:] - value[1:-1, :-2], value[2:, 1:-1] - value[:-2, 1:-1]
    squares = across * across + down * down
    longest: Plane = np.sqrt(np.maximum.reduce([squares[..., channel] for channel in range(squares.shape[-1])]))
    return longest
