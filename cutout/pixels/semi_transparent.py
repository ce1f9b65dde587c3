"""The share of semi-transparent pixels, which some printers cannot take."""

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from cutout.pixels.strips import Strips
from cutout.pixels.types import Alpha, Rgb, Rgba

P = TypeVar("P", NDArray[np.uint8], Strips, NDArray[np.uint8] | Strips)


def share_of(pixels: Rgba | Rgb | Alpha) -> float:
    """In 0..1: of the pixels that are not fully transparent, those that are not opaque either; 0 without alpha."""
    return _share(_counts(pixels))


def counted(pixels: P) -> tuple[P, Callable[[], float]]:
    """The picture and its share, which for one in strips is known once every strip has been read."""
    if not isinstance(pixels, Strips):
        return pixels, lambda: share_of(pixels)
    counts: dict[int, NDArray[np.int64]] = {}

    def made(number: int) -> NDArray[np.uint8]:
        strip = pixels.strip(number)
        if number not in counts:
            counts[number] = _counts(strip)
        return strip

    return replace(pixels, make=made), lambda: _share(np.sum(list(counts.values()), axis=0))


def _counts(pixels: Rgba | Rgb | Alpha) -> NDArray[np.int64]:
    """Pixels that are not fully transparent, and of them those that are opaque."""
    if pixels.ndim == 2:
        seen, solid = pixels > 0, pixels == 255
    elif pixels.shape[2] == 4:
        packed = np.ascontiguousarray(pixels).view("<u4")[..., 0]
        seen, solid = packed >= 1 << 24, packed >= 255 << 24  # alpha is the highest byte: many times faster
    else:
        return np.zeros(2, np.int64)
    return np.array([np.count_nonzero(seen), np.count_nonzero(solid)])


def _share(counts: NDArray[np.int64]) -> float:
    seen, solid = counts.tolist()
    return (seen - solid) / seen if seen else 0.0
