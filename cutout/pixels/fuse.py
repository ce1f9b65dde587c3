"""Several mattes of one picture become one.

Mattes that score far below the best, or show something else, are left out: a plain mean of all is ruinous. Where the
kept ones agree on 0 or 1, that is known; between, their median is solved against the picture.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cutout.outcome import Alpha, Rgb
from cutout.pixels.agreement import soft_iou
from cutout.pixels.refine import SURE, refined, settled
from cutout.pixels.score import Score, best

NEAR_SCORE = 0.15 / 3
"""A kept matte's score is at most so far below the best: .15 of a sum of three parts, whose mean a score is."""
NEAR_IOU = 0.8
"""A kept matte's least soft IoU with the best."""


@dataclass(frozen=True, slots=True)
class Fused:
    """A matte made of others."""

    alpha: Alpha
    """(H, W), bytes."""
    sources: tuple[str, ...]
    """The models whose mattes it is made of, the best first."""


def kept(mattes: Mapping[str, Alpha], scored: Mapping[str, Score]) -> tuple[str, ...]:
    """The models whose mattes are worth combining, by falling score; at least the best one."""
    first = best(scored)
    least = scored[first].score - NEAR_SCORE
    order = sorted(scored, key=lambda model: (-scored[model].score, model))
    near = [m for m in order[1:] if scored[m].score >= least and soft_iou(mattes[m], mattes[first]) >= NEAR_IOU]
    return (first, *near)


def fused(rgb: Rgb, mattes: Mapping[str, Alpha], scored: Mapping[str, Score]) -> Fused:
    """The best matte of those that were scored: the kept ones combined, or the best one refined where it stands alone.

    `rgb` is (H, W, 3) and every matte (H, W), bytes; `scored` has a score for each of the mattes, of which there is
    at least one. Deterministic.
    """
    sources = kept(mattes, scored)
    if len(sources) == 1:
        return Fused(refined(rgb, mattes[sources[0]]), sources)
    stack = np.stack([mattes[model] for model in sources])
    uncertain = (stack.max(axis=0) > SURE * 255) & (stack.min(axis=0) < (1 - SURE) * 255)
    middle: Alpha = np.asarray(np.median(stack, axis=0)).round().astype(np.uint8)
    return Fused(settled(rgb, middle, uncertain), sources)
