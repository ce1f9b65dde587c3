"""Which models run for one request, and why others are left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cutout.errors import BudgetSpent

ALL, AUTO = "all", "auto"
"""Names that stand for models."""


@dataclass(frozen=True, slots=True)
class ModelSelection:
    """The models of one request."""

    asked: tuple[str, ...]
    """Ids as the caller gave them; `all` and `auto` stand for every model that is available."""
    models: tuple[str, ...]
    """The models that run, in the registry's order for `all`, else in the caller's; for `auto` those that may run, the
    cheapest first."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Models left out, each with the reason."""

    @property
    def is_auto(self) -> bool:
        """Whether models run in steps, as many as are needed."""
        return AUTO in self.asked

    @property
    def is_compared(self) -> bool:
        """Whether the cutouts are compared with each other; that of a single model has nothing to be compared with."""
        return len(self.models) > 1 or self.is_auto

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
