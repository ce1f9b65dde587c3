"""What the board says, in the contract's words."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from cutout.models.status import ModelStatus
from serve_app.fanout.dependencies import DependencyStatus
from serve_app.fanout.model_statuses import ModelStatuses
from serve_app.fanout.selection import ModelSelection
from serve_app.responses.bodies import engine_body
from serve_app.settings import VERSION

States: TypeAlias = Mapping[str, DependencyStatus | None]
"""What the service leans on beside models, by name; None while it has not been looked at."""
WORST_FIRST = ("unreachable", "unconfigured", "unavailable", "starting", "degraded", "available", "connected", "loaded")
TROUBLE = {"unreachable", "degraded"}


def health_body(statuses: ModelStatuses, dependencies: States) -> dict[str, Any]:
    """GET /health: `unhealthy` when no model is ready, `degraded` when something has trouble.

    That is a model's warning, its provider's trouble, and a ledger or a worker of durable jobs that cannot work.
    A provider has the word of its best model; one that rests makes the service degraded nevertheless.
    A model that was never set up, for want of weights or a key, is listed with its reason and harms nobody.
    """
    states = {model_id: _state(statuses.status(model_id)) for model_id in statuses.specs}
    services = _services(statuses)
    others = {name: _state(state) | dict(state.facts if state else {}) for name, state in dependencies.items()}
    ready = any(state["state"] == "ready" for state in states.values())
    words = {_word(statuses.status(model_id)) for model_id in statuses.specs}
    warned = any(state.get("warning") for state in states.values())
    away = any(state["state"] == "unavailable" for state in others.values())
    trouble = warned or away or TROUBLE & words
    return {
        "status": "unhealthy" if not ready else "degraded" if trouble else "healthy",
        "version": VERSION,
        "services": services,
        "models": states,
        "dependencies": others,
    }


def readiness_body(statuses: ModelStatuses, dependencies: States, draining: bool) -> dict[str, Any]:
    """GET /health/ready: `ready`, or why not: `starting`, `draining` or `unavailable`.

    The last when no model can work, or when the ledger or the worker of durable jobs cannot.

    A local model runs once before its replica says that it is ready. A remote one is not run, since that costs money.
    """
    states = {model_id: statuses.status(model_id) for model_id in statuses.specs}
    waiting = [name for name, status in (states | {**dependencies}).items() if status is None or not status.tried]
    reasons = {name: status.reason for name, status in dependencies.items() if status and status.reason}
    can_work = not reasons and any(status and status.state == "ready" for status in states.values())
    status = "draining" if draining else "starting" if waiting else "ready" if can_work else "unavailable"
    return {"status": status, "waiting_for": waiting, "unavailable": reasons}


def models_body(statuses: ModelStatuses) -> dict[str, Any]:
    """GET /models."""
    return {"models": [_card(statuses, model_id) for model_id in statuses.specs]}


def estimate_body(selection: ModelSelection, statuses: ModelStatuses) -> dict[str, Any]:
    """POST /estimate."""
    medians = [median for name in selection.models if (median := statuses.median_ms(name)) is not None]
    return {
        "models": selection.prices_usd,
        "estimate_usd": selection.estimate_usd,
        "expected_time_ms": max(medians, default=None),
        "skipped": selection.skipped,
    }


def _state(status: ModelStatus | None) -> dict[str, Any]:
    if status is None:
        return {"state": "starting"}
    warning = status.engine.warning if status.engine else None
    facts = {"state": status.state, "reason": status.reason, "warning": warning}
    return {name: value for name, value in facts.items() if value is not None}


def _services(statuses: ModelStatuses) -> dict[str, str]:
    """A word a provider: the best of its models', since one that works proves the provider."""
    words: dict[str, list[str]] = {}
    for model_id, spec in statuses.specs.items():
        words.setdefault(spec.provider, []).append(_word(statuses.status(model_id)))
    return {provider: max(said, key=WORST_FIRST.index) for provider, said in words.items()}


def _word(status: ModelStatus | None) -> str:
    """A model's own word about its provider."""
    return "starting" if status is None else status.health or "unavailable"


def _card(statuses: ModelStatuses, model_id: str) -> dict[str, Any]:
    spec, status = statuses.specs[model_id], statuses.status(model_id)
    return {
        "id": model_id,
        "name": spec.name,
        "provider": spec.provider,
        "available": status is not None and status.state == "ready",
        "state": "starting" if status is None else status.state,
        "reason": status.reason if status else None,
        "price_usd": spec.price_usd,
        "licence": spec.licence.name,
        "commercial_use": spec.licence.commercial,
        "timeout_s": spec.timeout_s,
        "median_time_ms": statuses.median_ms(model_id),
        "engine": engine_body(status.engine if status else None),
    }
