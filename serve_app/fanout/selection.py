"""Model selection: which models a request runs, what they cost together, and why others are left out."""

from collections.abc import Mapping

from cutout.accounts.keys import KeyRecord
from cutout.cascade import in_order, next_step
from cutout.errors import Forbidden, ModelUnavailable, ValidationError
from cutout.jobs import Terms
from cutout.models.selection import ALL, AUTO, FUSED, ModelSelection
from cutout.models.spec import ModelSpec
from cutout.service import QualitySpec
from serve_app.fanout.model_statuses import ModelStatuses


def select_models(
    asked: tuple[str, ...], terms: Terms, statuses: ModelStatuses, key: KeyRecord | None = None, *, pictures: int = 1
) -> ModelSelection:
    """The models that run: those asked for, less what the terms exclude and, of `all` and `auto`, what is unavailable.

    Of `auto`, also less the last ones, where all together cost more than `terms.max_cost_usd`. `fused` alone stands for
    every local model. Of a batch of several `pictures`, each may cost an equal part of `terms.max_cost_usd`.

    Raises:
        Forbidden: a model is asked for by name that the key may not use.
        ModelUnavailable: every model of `all`, `auto` or `fused` alone is unavailable.
        ValidationError: the terms exclude every model, or the models cost more than `terms.max_cost_usd`.
    """
    allowed = tuple(statuses.specs) if key is None or key.models is None else key.models
    if forbidden := [name for name in asked if name not in (ALL, AUTO, FUSED, *allowed)]:
        raise Forbidden(f"This key may not use {', '.join(forbidden)}")
    wanted = _wanted(asked, {name: spec for name, spec in statuses.specs.items() if name in allowed})
    excluded = {name: reason for name in wanted if (reason := _excluded(statuses.specs[name], terms))}
    absent = {name: reason for name in wanted if name not in asked and (reason := _absent(statuses, name))}
    skipped = {**absent, **excluded}
    selection = ModelSelection(asked, tuple(name for name in wanted if name not in skipped), skipped)
    if selection.is_auto:
        selection = _affordable(selection, statuses, terms, pictures)
    _check_some(selection, excluded=bool(excluded))
    _check_cost(estimate_usd(selection, statuses.specs, pictures), terms)
    return selection


def estimate_usd(selection: ModelSelection, specs: Mapping[str, ModelSpec], pictures: int = 1) -> float:
    """What the selected models cost together by the registry's prices, for so many pictures."""
    return round(pictures * sum(specs[name].price_usd for name in selection.models), 6)


def least_usd(
    selection: ModelSelection, specs: Mapping[str, ModelSpec], quality: QualitySpec, pictures: int = 1
) -> float:
    """What the models cost that run in any case."""
    if not selection.is_auto:
        return estimate_usd(selection, specs, pictures)
    first = next_step([specs[name] for name in selection.models], (), None, quality).models
    return round(pictures * sum(specs[name].price_usd for name in first), 6)


def _affordable(selection: ModelSelection, statuses: ModelStatuses, terms: Terms, pictures: int) -> ModelSelection:
    """The same, in the order in which they are asked, less what goes beyond the caller's limit."""
    limit_usd = None if terms.max_cost_usd is None else round(terms.max_cost_usd / pictures, 9)
    total_usd, models, dear = 0.0, list[str](), dict[str, str]()
    for spec in in_order((statuses.specs[name] for name in selection.models), statuses.worths):
        if spec.price_usd and limit_usd is not None and total_usd + spec.price_usd > limit_usd:
            dear[spec.id] = "it would cost more than max_cost_usd leaves"
            continue
        total_usd += spec.price_usd
        models.append(spec.id)
    return ModelSelection(selection.asked, tuple(models), {**selection.skipped, **dear})


def _wanted(asked: tuple[str, ...], specs: Mapping[str, ModelSpec]) -> tuple[str, ...]:
    """The models that a request means, of those that it may use."""
    if ALL in asked or AUTO in asked:
        return tuple(specs)
    if asked == (FUSED,):
        return tuple(name for name, spec in specs.items() if spec.local)
    return tuple(name for name in asked if name != FUSED)


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


def _check_cost(total_usd: float, terms: Terms) -> None:
    if terms.max_cost_usd is not None and total_usd > terms.max_cost_usd:
        message = f"The models would cost {total_usd:g} USD together, more than max_cost_usd"
        details = {"field": "max_cost_usd", "received": terms.max_cost_usd, "estimate_usd": total_usd}
        raise ValidationError(message, details)
