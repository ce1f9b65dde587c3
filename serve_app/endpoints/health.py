"""GET /health and its two probes: whether the service works, whether it answers, whether requests should come."""

from collections.abc import Mapping
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cutout.errors import ServiceUnavailable
from cutout.models.status import ModelStatus
from serve_app.fanout.dependencies import Dependencies, DependencyStatus
from serve_app.fanout.model_statuses import ModelStatuses
from serve_app.settings import VERSION
from serve_app.telemetry.requests import RequestMetrics

States: TypeAlias = Mapping[str, DependencyStatus | None]
"""What the service leans on beside models, by name; None while it has not been looked at."""
WORST_FIRST = ("unreachable", "unconfigured", "unavailable", "starting", "degraded", "available", "connected", "loaded")
TROUBLE = {"unreachable", "degraded"}


class HealthEndpoints:
    """The endpoints that say how the service is."""

    def __init__(self, statuses: ModelStatuses, dependencies: Dependencies, request_metrics: RequestMetrics) -> None:
        self._statuses = statuses
        self._dependencies = dependencies
        self._request_metrics = request_metrics

    async def health(self, _: Request) -> Response:
        """Whether the service works, and each model."""
        return JSONResponse(health_body(self._statuses, self._dependencies.states()))

    async def live(self, _: Request) -> Response:
        """Whether this process answers. A process that does not is to be started anew."""
        return JSONResponse({"status": "alive"})

    async def ready(self, _: Request) -> Response:
        """Whether requests should come: 503 until every enabled, available model has run once, and while draining.

        Also while the ledger or the worker of durable jobs cannot work.
        """
        body = readiness_body(self._statuses, self._dependencies.states(), self._request_metrics.draining)
        return JSONResponse(body, 200 if body["status"] == "ready" else ServiceUnavailable.status)


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
