"""The five filters of PNG (specification, section 9): each byte minus its prediction from neighbours."""

from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Bytes: TypeAlias = NDArray[np.uint8]
Shape: TypeAlias = tuple[int, int, int]
Filter: TypeAlias = Callable[[Bytes, Bytes, Bytes, Bytes], Bytes]
"""Rows of bytes, and their neighbours left, above and above left -> filtered rows."""


def with_above(span: range) -> range:
    """Some rows, and the row above them, which filters need."""
    return range(max(0, span.start - 1), span.stop)


def filtered(pixels: Callable[[range], Bytes], shape: Shape, spans: Sequence[range], kind: int) -> Iterator[Bytes]:
    """For each span of rows, (rows, 1 + bytes a row) uint8: the filter's number, then the filtered bytes.

    The array is reused for the next span.

    Args:
        pixels: (rows, W, channels) uint8 of each span and the row above it.
        shape: height, width and channels of the whole.
        spans: at least one range of rows, consecutive.
        kind: a filter's number, 0 to 4.
    """
    channels, row_bytes = shape[2], shape[1] * shape[2]
    rows = max(len(span) for span in spans)
    # Bytes to the left of a row and above the first row count as 0.
    framed = np.zeros((rows + 1, channels + row_bytes), np.uint8)
    scanlines = np.full((rows, 1 + row_bytes), kind, np.uint8)
    for span in spans:
        n = len(span)
        seen = pixels(with_above(span))
        if not span.start:
            framed[0] = 0
        framed[n + 1 - len(seen) : n + 1, channels:] = seen.reshape(len(seen), -1)
        row, left = framed[1 : n + 1, channels:], framed[1 : n + 1, :-channels]
        above, above_left = framed[:n, channels:], framed[:n, :-channels]
        scanlines[:n, 1:] = FILTERS[kind](row, left, above, above_left)
        yield scanlines[:n]


def _none(row: Bytes, _left: Bytes, _above: Bytes, _above_left: Bytes) -> Bytes:
    return row


def _sub(row: Bytes, left: Bytes, _above: Bytes, _above_left: Bytes) -> Bytes:
    return row - left


def _up(row: Bytes, _left: Bytes, above: Bytes, _above_left: Bytes) -> Bytes:
    return row - above


def _average(row: Bytes, left: Bytes, above: Bytes, _above_left: Bytes) -> Bytes:
    return row - ((left & above) + ((left ^ above) >> 1))  # the mean, rounded down, within 8 bits


def _paeth(row: Bytes, left: Bytes, above: Bytes, corner: Bytes) -> Bytes:
    """Paeth's predictor in 8-bit arithmetic.

    The estimate left + above - corner is as far from the higher of left and above as the corner is from the lower, and
    vice versa; its distance from the corner is the difference of these two. So a neighbour is nearest if its distance
    is at most half the other one's. A corner that is not between them counts as at distance 0.
    """
    to_high, to_low = np.maximum(left, above), np.minimum(left, above)
    np.maximum(to_high, corner, out=to_high)
    np.minimum(to_low, corner, out=to_low)
    to_high -= corner
    np.subtract(corner, to_low, out=to_low)
    low_is_nearest: Bytes = (to_high <= to_low >> 1).view(np.uint8)
    high_is_nearest: Bytes = (to_low <= to_high >> 1).view(np.uint8)
    to_low *= low_is_nearest
    to_high *= high_is_nearest
    return row - corner + to_low - to_high


FILTERS: tuple[Filter, ...] = (_none, _sub, _up, _average, _paeth)
"""By the number of the filter."""
