"""Lanczos3 as matrices: along one axis, a span of result pixels is a weight matrix times a span of source pixels."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy
from numpy.typing import NDArray

LOBES = 3


@dataclass(frozen=True, slots=True)
class Span:
    """Consecutive pixels along one axis."""

    target: slice
    source: slice
    """The source pixels within reach of the kernel."""
    weights: NDArray[np.float32]
    """(target pixels, source pixels); each row sums to 1."""


def spans(source_px: int, target_px: int, span_px: int) -> Iterator[Span]:
    """The spans of an axis of `target_px` pixels, resized from `source_px`.

    A span has `span_px` pixels, in the larger of source and target. The wider it is, the more zeros are multiplied.
    """
    places, weights = _kernels(source_px, target_px)
    step = max(8, int(span_px / max(source_px / target_px, 1.0)))
    for start in range(0, target_px, step):
        here = places[start : start + step]
        low, high = int(here[0, 0]), int(here[-1, -1]) + 1
        dense = np.zeros((len(here), high - low), np.float32)
        np.put_along_axis(dense, here - low, weights[start : start + step], axis=1)
        first, last = max(low, 0), min(high, source_px)
        yield Span(slice(start, start + len(here)), slice(first, last), dense[:, first - low : last - low])


def matrix(source_px: int, target_px: int) -> "scipy.sparse.csr_array":
    """(target_px, source_px): the weights of a whole axis, in float64."""
    places, weights = _kernels(source_px, target_px)
    inside = (places >= 0) & (places < source_px)
    indices = (np.nonzero(inside)[0], places[inside])
    return scipy.sparse.csr_array((weights[inside], indices), shape=(target_px, source_px))


def _kernels(source_px: int, target_px: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """For each target pixel, (target_px, taps): source pixels and their weights; 0 beyond an edge."""
    scale = source_px / target_px
    stretch = max(scale, 1.0)  # to shrink, the kernel is widened
    reach = LOBES * stretch
    centres = (np.arange(target_px) + 0.5) * scale
    places = np.floor(centres - reach).astype(np.intp)[:, None] + np.arange(int(2 * reach) + 2)
    distance = (places + 0.5 - centres[:, None]) / stretch
    weights = np.sinc(distance) * np.sinc(distance / LOBES) * (np.abs(distance) < LOBES)
    weights *= (places >= 0) & (places < source_px)
    return places, weights / weights.sum(axis=1, keepdims=True)
