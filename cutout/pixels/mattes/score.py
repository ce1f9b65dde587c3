"""How good a matte looks without the truth: agreement with others, decidedness, and edges that are the picture's."""

from collections.abc import Mapping
from dataclasses import dataclass

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


def best(scores: Mapping[str, Score]) -> str:
    """The model with the highest score; of equals the first by name.

    Raises:
        ValueError: there is none.
    """
    return min(scores, key=lambda model: (-scores[model].score, model))
