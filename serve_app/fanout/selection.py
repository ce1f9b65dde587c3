"""Which models a request fires at, what they cost together, and why others are left out."""

from collections.abc import Mapping
from dataclasses import dataclass

from cutout.accounts.keys import KeyRecord
from cutout.errors import BudgetSpent, Forbidden, ModelUnavailable, ValidationError
from cutout.jobs import Terms
from cutout.models.spec import ModelSpec
from serve_app.fanout.model_statuses import ModelStatuses


@dataclass(frozen=True, slots=True)
class ModelSelection:
    """The models of one request, in the registry's or the caller's order."""

    models: tuple[str, ...]
    skipped: dict[str, str]
    """Models left out, each with the reason."""
    prices_usd: dict[str, float]

    @property
    def estimate_usd(self) -> float:
        """What the models cost together by the registry's prices."""
        return round(sum(self.prices_usd.values()), 6)

    def without(self, refused: Mapping[str, str]) -> "ModelSelection":
        """This choice less the models that budgets refuse, each with its reason.

        Raises:
            BudgetSpent: none is left.
        """
        models = tuple(name for name in self.models if name not in refused)
        left = ModelSelection(models, {**self.skipped, **refused}, {name: self.prices_usd[name] for name in models})
        if not models:
            raise BudgetSpent(f"No model is available. {left.reasons}", {"models": left.skipped})
        return left

    @property
    def reasons(self) -> str:
        """Why models are left out."""
        return "; ".join(f"{name}: {reason}" for name, reason in self.skipped.items())


def choose(
    asked: tuple[str, ...], terms: Terms, statuses: ModelStatuses, key: KeyRecord | None = None
) -> ModelSelection:
    """The models that run: those asked for, less what the terms exclude and, of `all`, what is unavailable.

    Raises:
        Forbidden: a model is asked for by name that the key may not use.
        ModelUnavailable: of `all` none is left.
        ValidationError: the terms leave none, or the models cost more than `terms.max_cost_usd`.
    """
    allowed = tuple(statuses.specs) if key is None or key.models is None else key.models
    if forbidden := [name for name in asked if name != "all" and name not in allowed]:
        raise Forbidden(f"This key may not use {', '.join(forbidden)}")
    wanted = tuple(name for name in statuses.specs if name in allowed) if "all" in asked else asked
    excluded = {name: reason for name in wanted if (reason := _excluded(statuses.specs[name], terms))}
    absent = {name: reason for name in wanted if name not in asked and (reason := _absent(statuses, name))}
    skipped = {**absent, **excluded}
    models = tuple(name for name in wanted if name not in skipped)
    selection = ModelSelection(models, skipped, {name: statuses.specs[name].price_usd for name in models})
    _check_some(selection, excluded=bool(excluded))
    _check_cost(selection, terms)
    return selection


def _excluded(spec: ModelSpec, terms: Terms) -> str | None:
    if terms.local_only and not spec.local:
        return "it is not local"
    if terms.commercial_only and not spec.licence.commercial:
        return f"its licence, {spec.licence.name}, forbids commercial use"
    return None


def _absent(statuses: ModelStatuses, name: str) -> str | None:
    status = statuses.status(name)
    return None if status is None or status.state == "ready" else status.reason or "unavailable"


def _check_some(selection: ModelSelection, excluded: bool) -> None:
    if not selection.models:
        if excluded:
            raise ValidationError(f"No model is left to run. {selection.reasons}", {"models": selection.skipped})
        raise ModelUnavailable(f"No model is available. {selection.reasons}", {"models": selection.skipped})


def _check_cost(selection: ModelSelection, terms: Terms) -> None:
    if terms.max_cost_usd is not None and selection.estimate_usd > terms.max_cost_usd:
        message = f"The models would cost {selection.estimate_usd:g} USD together, more than max_cost_usd"
        details = {"field": "max_cost_usd", "received": terms.max_cost_usd, "estimate_usd": selection.estimate_usd}
        raise ValidationError(message, details)
