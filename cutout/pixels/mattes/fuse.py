"""Several mattes of one picture become one: around every place the best there, and the uncertain band solved.

A plain mean of all is ruinous, and so is a median in which a poor matte counts as much as a good one. Here the median
is weighted by the mattes' scores, and by how near their edges are to the picture's around that place: one matte may
have the best hair and another know that a chair is no part of the subject. What the median leaves uncertain is solved
against the picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cutout.pixels.mattes.edges import around, edges, strength
from cutout.pixels.mattes.refine import refined
from cutout.pixels.mattes.score import Score, best
from cutout.pixels.types import Alpha, Plane, Rgb

BY_SCORE, BY_PLACE = 30.0, 8.0
"""A matte's weight is exp(30 score + 8 alignment around the place): half of it for a score .023 less."""
NEAR_SCORE = 0.15
"""A matte whose score is further below the best is left out."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A matte made of others."""

    alpha: Alpha
    """(H, W), bytes."""
    sources: tuple[str, ...]
    """The models whose mattes it is made of, the best first."""


def kept(scored: Mapping[str, Score]) -> tuple[str, ...]:
    """The models whose mattes are worth combining, by falling score; at least the best one."""
    least = scored[best(scored)].score - NEAR_SCORE
    order = sorted(scored, key=lambda model: (-scored[model].score, model))
    return tuple(model for model in order if scored[model].score >= least)


def fused(
    rgb: Rgb, mattes: Mapping[str, Alpha], scored: Mapping[str, Score], edge_strength: Plane | None = None
) -> Fused:
    """One matte of those that were scored.

    `rgb` is (H, W, 3) and every matte (H, W), bytes; `scored` has a score for each of the mattes, of which there is
    at least one; `edge_strength` is the picture's, where it is known already. Deterministic.
    """
    sources = kept(scored)
    stack = np.stack([mattes[model] for model in sources])
    found = strength(rgb) if edge_strength is None else edge_strength
    favour = [BY_SCORE * scored[model].score + BY_PLACE * around(found, edges(mattes[model])) for model in sources]
    return Fused(refined(rgb, _median(stack, np.exp(favour - np.max(favour, axis=0)))), sources)


def _median(mattes: NDArray[np.uint8], weights: NDArray[np.float32]) -> Alpha:
    """Of every pixel of (n, H, W) the weighted median: the mean of two values between which the weight is halved.

    `weights` are of a smaller picture, (n, h, w).
    """
    middle: Alpha = mattes[0].copy()
    differ = (mattes != middle).any(axis=0)
    values, counts = mattes[:, differ], np.stack([_enlarged(plane, middle)[differ] for plane in weights])
    half, lower = counts.sum(axis=0) / 2, np.full(values.shape[1], 255, np.uint8)
    upper = lower.copy()
    for value in values:  # few: comparing each with each is several times faster than sorting
        reached = np.einsum("ij,ij->j", counts, values <= value)
        np.minimum(lower, value, out=lower, where=reached >= half)
        np.minimum(upper, value, out=upper, where=reached > half)
    middle[differ] = (lower.astype(np.uint16) + upper + 1) // 2
    return middle


def _enlarged(plane: Plane, like: Alpha) -> Plane:
    return np.asarray(Image.fromarray(plane).resize(like.shape[::-1], Image.Resampling.BILINEAR))
