"""Alpha without half tones, for printers that have none: cut at one half, or as a screen of opaque dots.

Direct-to-garment printers lay a white underbase under every pixel that is not fully transparent, so that faint ones
become white specks.

The screen is a printer's clustered dot: thresholds are the sum of two cosines across each other, at 22.5 degrees. The
tangent of that angle is irrational, so that no phase of the screen repeats, whatever the distance of its dots in
pixels: every threshold from 0 to 255 is equally frequent, and the mean coverage of an area is its mean alpha.
"""

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

from cutout.pixels.finish import Finish
from cutout.pixels.picture import other_alpha
from cutout.pixels.types import Alpha, Rgba

HALF: Final = 128
ANGLE: Final = np.deg2rad(22.5)
PHASES: Final = 256
"""Phases of each cosine from which the frequencies of their sums are counted."""
ROWS: Final = 256
"""Rows that are screened at a time."""


def toned(alpha: Alpha, finish: Finish) -> Alpha:
    """(H, W): alpha as the finish wants it: as it is, or of 0 and 255 alone."""
    match finish.alpha:
        case "soft":
            return alpha
        case "hard":
            return np.where(alpha >= HALF, np.uint8(255), np.uint8(0))
        case "halftone":
            return screened(alpha, finish.screen_px)


def with_tones(rgba: Rgba, finish: Finish) -> Rgba:
    """(H, W, 4): a cutout of straight alpha, its alpha as `toned`; colour is 0 where alpha is 0."""
    return rgba if finish.alpha == "soft" else other_alpha(rgba, toned(np.ascontiguousarray(rgba[..., 3]), finish))


def screened(alpha: Alpha, dots_px: float) -> Alpha:
    """(H, W) of 0 and 255: a screen whose dots are `dots_px` apart, as large as alpha is high."""
    dots = np.where(alpha == 255, alpha, np.uint8(0))
    for top in range(0, alpha.shape[0], ROWS):
        strip = alpha[top : top + ROWS]
        rows, columns = np.nonzero((strip > 0) & (strip < 255))
        dots[top + rows, columns] = 255 * (strip[rows, columns] > _thresholds(top + rows, columns, dots_px))
    return dots


def _thresholds(rows: NDArray[np.intp], columns: NDArray[np.intp], dots_px: float) -> NDArray[np.float64]:
    """In 0..255, lowest in the middle of a dot."""
    turn = 2 * np.pi / dots_px
    across = turn * (np.cos(ANGLE) * columns + np.sin(ANGLE) * rows)
    down = turn * (np.cos(ANGLE) * rows - np.sin(ANGLE) * columns)
    heights = _heights()
    lower: NDArray[np.intp] = np.searchsorted(heights, np.cos(across) + np.cos(down))
    return 255 * (1 - lower / heights.size)


@cache
def _heights() -> NDArray[np.float64]:
    """The sums of two cosines, at evenly spaced phases, in rising order."""
    wave = np.cos(2 * np.pi * (np.arange(PHASES) + 0.5) / PHASES)
    return np.sort((wave[:, None] + wave).ravel())
