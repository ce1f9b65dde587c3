"""Which models a request fires at, what they cost together, and why others are left out."""

from dataclasses import dataclass

from cutout.errors import ModelUnavailable, ValidationError
from cutout.outcome import Terms
from cutout.spec import ModelSpec
from serve_app.board import Board


@dataclass(frozen=True, slots=True)
class Choice:
    """The models of one request, in the registry's or the caller's order."""

    models: tuple[str, ...]
    skipped: dict[str, str]
    """Models left out, each with the reason."""
    prices_usd: dict[str, float]

    @property
    def estimate_usd(self) -> float:
        """What the models cost together by the registry's prices."""
        return round(sum(self.prices_usd.values()), 6)


def choose(asked: tuple[str, ...], terms: Terms, board: Board) -> Choice:
    """The models that run: those asked for, less what the terms exclude and, of `all`, what is unavailable.

    Raises:
        ModelUnavailable: of `all` none is left.
        ValidationError: the terms leave none, or the models cost more than `terms.max_cost_usd`.
    """
    wanted = tuple(board.specs) if "all" in asked else asked
    excluded = {name: reason for name in wanted if (reason := _excluded(board.specs[name], terms))}
    absent = {name: reason for name in wanted if name not in asked and (reason := _absent(board, name))}
    skipped = {**absent, **excluded}
    models = tuple(name for name in wanted if name not in skipped)
    choice = Choice(models, skipped, {name: board.specs[name].price_usd for name in models})
    _check(choice, terms, excluded)
    return choice


def _excluded(spec: ModelSpec, terms: Terms) -> str | None:
    if terms.local_only and not spec.local:
        return "it is not local"
    if terms.commercial_only and not spec.licence.commercial:
        return f"its licence, {spec.licence.name}, forbids commercial use"
    return None


def _absent(board: Board, name: str) -> str | None:
    status = board.status(name)
    return None if status is None or status.state == "ready" else status.reason or "unavailable"


def _check(choice: Choice, terms: Terms, excluded: dict[str, str]) -> None:
    if not choice.models:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in choice.skipped.items())
        if excluded:
            raise ValidationError(f"No model is left to run. {reasons}", {"models": choice.skipped})
        raise ModelUnavailable(f"No model is available. {reasons}", {"models": choice.skipped})
    if terms.max_cost_usd is not None and choice.estimate_usd > terms.max_cost_usd:
        message = f"The models would cost {choice.estimate_usd:g} USD together, more than max_cost_usd"
        details = {"field": "max_cost_usd", "received": terms.max_cost_usd, "estimate_usd": choice.estimate_usd}
        raise ValidationError(message, details)
