"""A matte's uncertain band, solved against the picture.

A network sees a few hundred pixels a side; hair is finer. Where its matte is neither clearly 0 nor clearly 1, alpha is
found anew from the picture (laplacian.py), held near the matte by a soft prior. Without the prior, texture of the
ground that happens to look like the subject is taken for it.

Alpha that is almost 0 or 1 is made so: faint traces in the background and faint gaps in the subject disappear.
"""

import math

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cutout.pixels.mattes.laplacian import solved, spread
from cutout.pixels.types import Alpha, Plane, Rgb

WORK_PX = 1_500_000
"""Most pixels of the picture that a thin band is solved in; what is found is brought up by bicubic interpolation."""
COARSE_PX = 300_000
"""The same of a thick band: there the picture's finest texture misleads more than it tells."""
THIN_PX = 4.5
"""A thin band's mean thickness at most, in pixels of the picture that is solved."""
BAND_PX = 60_000
"""Most pixels of the band itself at that size; of a larger one a smaller picture is solved."""
PRIOR = 0.005
"""Weight of the matte against the picture's windows, in each of which alpha counts about 1."""
SURE = 0.05
"""Alpha below it is 0, and above its complement 1, for all that the band is concerned."""
FAINT = 0.02
"""Alpha below it becomes 0, and above its complement 1; what is between is stretched. Without it the mean error of
refined and combined mattes is 1 to 9 % higher, on subjects that were held out as well."""
MARGIN_PX = 1
"""By which the sure regions shrink, in pixels of the picture that is solved: their edges are where networks err."""
LEVELS: Alpha = np.round(np.clip((np.arange(256) / 255 - FAINT) / (1 - 2 * FAINT), 0, 1) * 255).astype(np.uint8)
"""What each alpha becomes by FAINT."""


def refined(rgb: Rgb, alpha: Alpha) -> Alpha:
    """The matte with its uncertain band solved against the picture, and without what is FAINT.

    `rgb` is (H, W, 3), `alpha` and the result (H, W), bytes. A binary matte comes back as it is. Deterministic.
    """
    return LEVELS[_settled(rgb, alpha, (alpha > SURE * 255) & (alpha < (1 - SURE) * 255))]


def _settled(rgb: Rgb, prior: Alpha, uncertain: NDArray[np.bool_]) -> Alpha:
    """`prior` with the pixels in and around `uncertain`, all (H, W), solved against the picture."""
    if not uncertain.any():
        return prior.copy()
    height, width = prior.shape
    size, unknown = _reduced(uncertain, _thickness(prior, uncertain))
    small = np.asarray(Image.fromarray(rgb).resize(size, Image.Resampling.BOX)) * np.float32(1 / 255)
    near = np.clip(_resized(prior * np.float32(1 / 255), size, Image.Resampling.BOX), 0, 1)
    found = _resized(solved(small, near, unknown, PRIOR), (width, height), Image.Resampling.BICUBIC)
    share = np.clip(_resized(unknown.astype(np.float32), (width, height), Image.Resampling.BILINEAR), 0, 1)
    value = prior + share * (found * 255 - prior)
    return np.clip(np.round(value), 0, 255).astype(np.uint8)


def _reduced(uncertain: NDArray[np.bool_], thickness: float) -> tuple[tuple[int, int], NDArray[np.bool_]]:
    """The width and height at which the band is solved, and the unknown pixels there."""
    height, width = uncertain.shape
    shrink = max(1, math.ceil(math.sqrt(uncertain.size / WORK_PX)))
    while True:
        size = max(1, round(width / shrink)), max(1, round(height / shrink))
        unknown = _widened(_resized(uncertain.astype(np.float32), size, Image.Resampling.BOX) > 0)
        fits = size[0] * size[1] <= (WORK_PX if thickness <= THIN_PX * shrink else COARSE_PX)
        if (fits and np.count_nonzero(unknown) <= BAND_PX) or max(size) == 1:
            return size, unknown
        shrink += 1


def _thickness(alpha: Alpha, uncertain: NDArray[np.bool_]) -> float:
    """Mean, in pixels: the band's area over the outline's length; infinite without an outline."""
    subject = alpha >= 128
    outline = np.count_nonzero(subject & spread(~subject, corners=False))
    return np.count_nonzero(uncertain) / outline if outline else math.inf


def _widened(band: NDArray[np.bool_]) -> NDArray[np.bool_]:
    for _ in range(MARGIN_PX):
        band = spread(band)
    return band


def _resized(plane: Plane, size: tuple[int, int], by: Image.Resampling) -> Plane:
    return np.asarray(Image.fromarray(plane).resize(size, by))
