"""The winner: which of several cutouts is the answer, when the answer is one picture."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from cutout.errors import ValidationError
from cutout.results import Cutout, Failure, ModelResult, Result

C = TypeVar("C", bound=Cutout)
FIELD = "pick"


@dataclass(frozen=True, slots=True)
class WinnerChoice:
    """Chooses by the models' order; without one, the first to finish wins."""

    order: tuple[str, ...] | None = None
    """Every model, the best one first."""

    def enough(self, results: Mapping[str, ModelResult], models: Collection[str]) -> bool:
        """Whether no model that is still running could change the winner."""
        good = {name for name, one in results.items() if isinstance(one.outcome, Cutout)}
        if self.order is None:
            return bool(good)
        fired = (name for name in self.order if name in models)
        return next((name for name in fired if name in good or name not in results), None) in good

    def winner(self, result: Result[C]) -> C:
        """The winner among a job's cutouts, of which there is at least one."""
        good = [(one.wall_ms, one.outcome) for one in result.results if not isinstance(one.outcome, Failure)]
        order = self.order
        return min(good, key=lambda one: one[0] if order is None else order.index(one[1].model_id))[1]


def best(result: Result[C]) -> C:
    """The cutout of a job with the highest score, or its first one where they were not compared; there is one."""
    good = [one.outcome for one in result.results if not isinstance(one.outcome, Failure)]
    selected = result.comparison.selected_model_id if result.comparison else None
    return next((cutout for cutout in good if cutout.model_id == selected), good[0])


def check_single(models: Sequence[str]) -> None:
    """Refuse several models where the answer is one picture, and nothing says which; raises ValidationError."""
    if len(models) > 1:
        message = f"pick: {len(models)} models would answer, and Accept takes one picture; pick: first or best is "
        raise ValidationError.of_field(FIELD, message + "expected, or one model, or application/json or zip")
