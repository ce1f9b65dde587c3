"""Bodies that say how the service and its models are."""

from typing import Literal

from pydantic import Field

from serve_app.contract.body import Body
from serve_app.contract.responses import EngineBody


class ModelState(Body):
    """A model's status in GET /health."""

    state: Literal["ready", "starting", "unavailable"]
    reason: str | None = None
    warning: str | None = None


class DependencyState(ModelState):
    """The status of the ledger, or of the worker of durable jobs."""

    store_bytes: int | None = Field(None, description="Bytes of stored pictures; of `jobs`, once counted.")
    store_limit_bytes: int | None = Field(None, description="The limit of that, `jobs.store_bytes`; of `jobs`.")


class HealthBody(Body):
    """Answer of GET /health."""

    status: Literal["healthy", "degraded", "unhealthy"]
    version: str
    services: dict[str, str]
    models: dict[str, ModelState]
    dependencies: dict[str, DependencyState] = Field(
        description="`ledger` and `jobs`: the database of budgets and picks, and the worker of durable jobs."
    )


class LiveBody(Body):
    """Answer of GET /health/live."""

    status: Literal["alive"]


class ReadyBody(Body):
    """Answer of GET /health/ready: 200 when ready, else 503."""

    status: Literal["ready", "starting", "draining", "unavailable"]
    waiting_for: list[str] = Field(description="Models that have not run once yet, and `ledger` and `jobs` likewise.")
    unavailable: dict[str, str] = Field(description="Which of `ledger` and `jobs` cannot work, each with the reason.")


class ModelCard(Body):
    """One model in GET /models, or `auto` or `fused`; a price is a model's own."""

    id: str
    name: str
    provider: str
    available: bool
    state: Literal["ready", "starting", "unavailable"]
    reason: str | None = None
    at_rest: bool = Field(description="It has no replica: its next picture starts one, which takes seconds.")
    price_usd: float
    licence: str
    commercial_use: bool
    timeout_s: float
    median_time_ms: float | None = Field(None, description="Of its successes so far, seen by this ingress replica.")
    engine: EngineBody | None = None
    models: list[str] | None = Field(
        None, description="Of `auto` and `fused` alone: the models that they stand for where nothing else is asked."
    )


class ModelsBody(Body):
    """Answer of GET /models."""

    models: list[ModelCard]
    combinations: list[ModelCard] = Field(description="`auto` and `fused`; each has `models`.")
