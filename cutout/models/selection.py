"""Which models run for one request, and why others are left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cutout.errors import BudgetSpent

ALL, AUTO = "all", "auto"
"""Names that stand for models."""
FUSED = "fused"
"""Names one more cutout, made of those of the models."""
CHOICES = (AUTO, FUSED)
"""What a request may name beside models and `all`; the best result is picked by its score."""


@dataclass(frozen=True, slots=True)
class ModelSelection:
    """The models of one request."""

    asked: tuple[str, ...]
    """Ids as the caller gave them; `all` and `auto` stand for every model that is available, `fused` alone for every
    local one."""
    models: tuple[str, ...]
    """The models that run, in the registry's order for `all` and `fused` alone, else in the caller's; for `auto` those
    that may run, the cheapest first."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Models left out, each with the reason."""

    @property
    def is_auto(self) -> bool:
        """Whether models run in steps, as many as are needed."""
        return AUTO in self.asked

    @property
    def is_fused(self) -> bool:
        """Whether one more cutout is made of those of the models."""
        return FUSED in self.asked

    @property
    def picks_best(self) -> bool:
        """Whether an answer of one picture is the cutout with the best score; else the caller says which."""
        return self.is_auto or self.is_fused

    @property
    def is_compared(self) -> bool:
        """Whether the cutouts are compared with each other; that of a single model has nothing to be compared with."""
        return len(self.models) > 1 or self.picks_best

    @property
    def result_ids(self) -> tuple[str, ...]:
        """The ids of the results, in their order: of the models that run, and `fused` where it was asked."""
        return (*self.models, FUSED) if self.is_fused else self.models

    def without(self, refused: Mapping[str, str]) -> "ModelSelection":
        """This selection less the models that budgets refuse, each with its reason.

        Raises:
            BudgetSpent: no model is left.
        """
        models = tuple(name for name in self.models if name not in refused)
        left = ModelSelection(self.asked, models, {**self.skipped, **refused})
        if not models:
            raise BudgetSpent(f"No model is available. {left.reasons}", {"models": left.skipped})
        return left

    @property
    def reasons(self) -> str:
        """Why models are left out, in one line."""
        return "; ".join(f"{name}: {reason}" for name, reason in self.skipped.items())
