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
"""What the service needs besides models, by name; None until it has been checked once."""
WORST_FIRST = ("unreachable", "unconfigured", "unavailable", "starting", "degraded", "available", "connected", "loaded")
PROBLEMS = {"unreachable", "degraded"}


class HealthEndpoints:
    """The endpoints that report the state of the service."""

    def __init__(self, statuses: ModelStatuses, dependencies: Dependencies, request_metrics: RequestMetrics) -> None:
        self._statuses = statuses
        self._dependencies = dependencies
        self._request_metrics = request_metrics

    async def health(self, _: Request) -> Response:
        """Whether the service works, and each model."""
        return JSONResponse(health_body(self._statuses, self._dependencies.states()))

    async def live(self, _: Request) -> Response:
        """Whether this process answers; a process that does not should be restarted."""
        return JSONResponse({"status": "alive"})

    async def ready(self, _: Request) -> Response:
        """Whether to send requests here: 503 until every enabled, available model has run once, and while draining.

        Also while the ledger or the worker of durable jobs is unavailable.
        """
        body = readiness_body(self._statuses, self._dependencies.states(), self._request_metrics.draining)
        return JSONResponse(body, 200 if body["status"] == "ready" else ServiceUnavailable.status)


def health_body(statuses: ModelStatuses, dependencies: States) -> dict[str, Any]:
    """Body of GET /health. `status` is `unhealthy` if no model is ready, else `degraded` if there is a problem.

    Problems are: a model's warning, a provider that is unreachable or degraded for any of its models, and a ledger or
    worker of durable jobs that is unavailable. In `services` a provider has the state of its best model.
    A model that was never set up, since its weights or key are missing, is listed with the reason and is no problem.
    """
    states = {model_id: _state(statuses.status(model_id)) for model_id in statuses.specs}
    services = _services(statuses)
    others = {name: _state(state) | dict(state.facts if state else {}) for name, state in dependencies.items()}
    ready = any(state["state"] == "ready" for state in states.values())
    provider_states = {_provider_state(statuses.status(model_id)) for model_id in statuses.specs}
    warned = any(state.get("warning") for state in states.values())
    unavailable = any(state["state"] == "unavailable" for state in others.values())
    problem = warned or unavailable or PROBLEMS & provider_states
    return {
        "status": "unhealthy" if not ready else "degraded" if problem else "healthy",
        "version": VERSION,
        "services": services,
        "models": states,
        "dependencies": others,
    }


def readiness_body(statuses: ModelStatuses, dependencies: States, draining: bool) -> dict[str, Any]:
    """Body of GET /health/ready. `status` is `ready`, `starting`, `draining` or `unavailable`.

    It is `unavailable` if no model is ready, or if the ledger or the worker of durable jobs is unavailable.

    A local model runs once before its replica reports ready. A remote one is not run, since that costs money.
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
    """The state of each provider: that of its best model, since one that works shows that the provider does."""
    seen: dict[str, list[str]] = {}
    for model_id, spec in statuses.specs.items():
        seen.setdefault(spec.provider, []).append(_provider_state(statuses.status(model_id)))
    return {provider: max(states, key=WORST_FIRST.index) for provider, states in seen.items()}


def _provider_state(status: ModelStatus | None) -> str:
    """The state of a model's provider, as that model has seen it."""
    return "starting" if status is None else status.health or "unavailable"
