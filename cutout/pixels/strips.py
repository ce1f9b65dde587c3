"""A picture that is computed strip by strip while it is written, so that it is never whole in memory."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from cutout.pixels.cores import THREADS


@dataclass(frozen=True, slots=True)
class Strips:
    """Pixels, (H, W, channels) uint8, as consecutive strips of the picture's full width."""

    shape: tuple[int, int, int]
    """Height, width and channels of the whole; further channels of a strip are ignored."""
    rows: int
    """Rows of a strip; the last one may have fewer."""
    make: Callable[[int], NDArray[np.uint8]]
    """Computes a strip by its number, counted from 0 at the top; thread-safe, and called any number of times."""

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> Self:
        """(H, W, channels) pixels in memory, as one strip."""
        height, width, channels = pixels.shape
        return cls((height, width, channels), height, lambda _: pixels)

    def strip(self, number: int) -> NDArray[np.uint8]:
        """(rows, W, channels), computed now."""
        return self.make(number)[..., : self.shape[2]]

    def numbers(self, rows: range) -> range:
        """Of the strips in which some rows are."""
        return range(rows.start // self.rows, -(-rows.stop // self.rows))

    def keeping(self, strips: Mapping[int, NDArray[np.uint8]]) -> Self:
        """The same picture, with some strips, by number, that are computed: each is handed out, and freed, once."""
        left = dict(strips)

        def made(number: int) -> NDArray[np.uint8]:
            known = left.pop(number, None)
            return self.make(number) if known is None else known

        return replace(self, make=made)

    def whole(self) -> NDArray[np.uint8]:
        """The whole picture, computed on all cores."""
        pixels = np.empty(self.shape, np.uint8)

        def put(number: int) -> None:
            pixels[number * self.rows : (number + 1) * self.rows] = self.strip(number)

        list(THREADS.map(put, range(self.count)))
        return pixels

    @property
    def count(self) -> int:
        """How many strips there are."""
        return -(-self.shape[0] // self.rows)


def opaque(pixels: NDArray[np.uint8] | Strips) -> NDArray[np.uint8] | Strips:
    """(H, W, 4) pixels without their alpha."""
    return replace(pixels, shape=(*pixels.shape[:2], 3)) if isinstance(pixels, Strips) else pixels[..., :3]


class Rows:
    """Reads rows of a picture in strips, from the top down: the last strip that was read is cached."""

    def __init__(self, strips: Strips) -> None:
        self._strips = strips
        self._number, self._strip = -1, np.empty((0, 0, 0), np.uint8)

    def __call__(self, wanted: range) -> NDArray[np.uint8]:
        """(len(wanted), W, channels) of consecutive rows."""
        parts = list(self._parts(wanted))
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _parts(self, wanted: range) -> Iterator[NDArray[np.uint8]]:
        rows = self._strips.rows
        for number in self._strips.numbers(wanted):
            if number != self._number:
                self._number, self._strip = number, self._strips.strip(number)
            yield self._strip[max(0, wanted.start - number * rows) : wanted.stop - number * rows]
