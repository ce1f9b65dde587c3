"""The cutouts of one picture compared with each other."""

from dataclasses import dataclass

from cutout.pixels.mattes.score import Score, best


@dataclass(frozen=True, slots=True)
class Comparison:
    """The score of every cutout of a picture, of which there is at least one; docs/quality.md has the formulas."""

    scores: dict[str, Score]
    """By model."""
    review_reason: str | None = None
    """Why somebody should look at the best one before it is used; None: nothing speaks against it."""

    @property
    def selected_model_id(self) -> str:
        """The model of the highest score; of equals the first by name."""
        return best(self.scores)

    @property
    def agreement(self) -> float | None:
        """Of the selected cutout with the others; None where there are none."""
        return self.scores[self.selected_model_id].agreement
