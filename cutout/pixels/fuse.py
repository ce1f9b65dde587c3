"""Several mattes of one picture become one: their median, weighted by score, and its uncertain band solved.

A plain mean of all is ruinous, and so is a median in which a poor matte counts as much as a good one. Weighted, it is
the best matte itself where that outweighs the others together, and what more than one say where it does not. The
pixels that it leaves uncertain are solved against the picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cutout.outcome import Alpha, Rgb
from cutout.pixels.refine import refined
from cutout.pixels.score import Score, best

STEEPNESS = 30.0
"""A matte's weight is exp(30 (its score - the best one's)): half of it for .023 less."""
LEAST = 0.25
"""A matte of less weight is left out: .046 below the best."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A matte made of others."""

    alpha: Alpha
    """(H, W), bytes."""
    sources: tuple[str, ...]
    """The models whose mattes it is made of, the best first."""


def weights(scored: Mapping[str, Score]) -> dict[str, float]:
    """What the mattes worth combining count, by falling score; of one that outweighs the others together, it alone."""
    first = best(scored)
    order = sorted(scored, key=lambda model: (-scored[model].score, model))
    counts = {model: float(np.exp(STEEPNESS * (scored[model].score - scored[first].score))) for model in order}
    near = {model: count for model, count in counts.items() if count >= LEAST}
    return near if sum(near.values()) >= 2 * near[first] else {first: near[first]}


def fused(rgb: Rgb, mattes: Mapping[str, Alpha], scored: Mapping[str, Score]) -> Fused:
    """One matte of those that were scored.

    `rgb` is (H, W, 3) and every matte (H, W), bytes; `scored` has a score for each of the mattes, of which there is
    at least one. Deterministic.
    """
    counts = weights(scored)
    middle = _median(np.stack([mattes[model] for model in counts]), np.array(list(counts.values())))
    return Fused(refined(rgb, middle), tuple(counts))


def _median(mattes: NDArray[np.uint8], counts: NDArray[np.float64]) -> Alpha:
    """Of every pixel of (n, H, W) the weighted median: the mean of two values between which the weight is halved."""
    middle: Alpha = mattes[0].copy()
    differ = (mattes != middle).any(axis=0)
    values = mattes[:, differ]
    order = values.argsort(axis=0, kind="stable")
    values, reached = np.take_along_axis(values, order, axis=0), counts[order].cumsum(axis=0)
    half, places = counts.sum() / 2, np.arange(values.shape[1])
    lower, upper = values[(reached >= half).argmax(axis=0), places], values[(reached > half).argmax(axis=0), places]
    middle[differ] = (lower.astype(np.uint16) + upper + 1) // 2
    return middle
