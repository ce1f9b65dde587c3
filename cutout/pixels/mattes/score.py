"""How good a matte looks without the truth: agreement with others, decidedness, and edges that are the picture's."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from cutout.pixels.mattes.agreement import agreement
from cutout.pixels.mattes.edges import alignment, edges, strength
from cutout.pixels.types import Alpha, Rgb

EDGE_WEIGHT = 0.5
"""Of edge alignment against 1 of the others: it tells mattes of one picture apart, but differs most among pictures."""


@dataclass(frozen=True, slots=True)
class Score:
    """Of one matte; each part and the whole in 0..1."""

    agreement: float | None
    """With the others; None where there are none."""
    sharpness: float
    edge_alignment: float

    @property
    def score(self) -> float:
        """The mean of the parts that there are, edge alignment counted half."""
        whole = [self.sharpness] if self.agreement is None else [self.agreement, self.sharpness]
        return (sum(whole) + EDGE_WEIGHT * self.edge_alignment) / (len(whole) + EDGE_WEIGHT)


def sharpness(alpha: Alpha) -> float:
    """1 - sum(4a(1 - a)) / sum(a), at least 0: 1 of a binary matte, 0 of an empty one. `alpha` is (H, W), bytes."""
    value = alpha.astype(np.float64) / 255
    total = float(value.sum())
    return max(0.0, 1 - float((4 * value * (1 - value)).sum()) / total) if total else 0.0


def scores(rgb: Rgb, mattes: Mapping[str, Alpha], families: Mapping[str, str]) -> dict[str, Score]:
    """The score of every matte of a picture, by its model; see `agreement` for `families`."""
    agreed, found = agreement(mattes, families), strength(rgb)
    return {
        model: Score(agreed.get(model), sharpness(matte), alignment(found, edges(matte)))
        for model, matte in mattes.items()
    }


def best(scored: Mapping[str, Score]) -> str:
    """The model with the highest score; of equals the first by name.

    Raises:
        ValueError: there is none.
    """
    return min(scored, key=lambda model: (-scored[model].score, model))
