"""The bodies of answers; fields of the contract come first, this service's own after them."""

from typing import Literal

from pydantic import Field

from serve_app.contract.body import Body
from serve_app.contract.errors import ErrorDetail


class Dimensions(Body):
    """In pixels."""

    width: int
    height: int


class BoxBody(Body):
    """A part of a picture, in pixels from its top left corner."""

    left: int
    top: int
    width: int
    height: int


class EngineBody(Body):
    """The engine that ran the model."""

    name: str
    device: str
    weights: str | None = None
    warning: str | None = None


class ModelBody(Body):
    """The fields of every model's result."""

    model_id: str
    model_name: str
    image_base64: str | None = Field(None, description="The picture; null when the model failed.")
    processing_time_ms: int = Field(description="From the fan-out to this model's last byte.")
    cost_usd: float
    error: str | None = Field(None, description="Why the model failed; absent when it did not.")
    error_type: str | None = None
    retry_after_s: int | None = Field(
        None, description="Seconds until the model may have capacity, or be available, again; absent if unknown."
    )
    commercial_use: bool = Field(description="Whether the model's licence lets you sell this cutout.")
    licence: str
    engine: EngineBody | None = None
    times_ms: dict[str, float] | None = Field(None, description="Time in each span: queue, infer, composite, …")
    note: str | None = None
    box: BoxBody | None = Field(None, description="The subject within this picture; null when nothing was found.")
    frame: BoxBody | None = Field(
        None, description="What a crop shows, in pixels of the whole cutout; it may reach beyond. Null: all of it."
    )
    mask_base64: str | None = Field(None, description="With `output_type: both`, the alpha as a grey PNG; else absent.")
    mask_url: str | None = Field(None, description="The same by its address, where the cutout has one.")
    agreement: float | None = Field(
        None, ge=0, le=1, description="With the other models' cutouts; null where there are none, absent for one model."
    )
    sharpness: float | None = Field(None, ge=0, le=1, description="1: nothing is half transparent. As `agreement`.")
    edge_alignment: float | None = Field(
        None, ge=0, le=1, description="How far the cutout's edges are the picture's. As `agreement`."
    )
    score: float | None = Field(
        None, ge=0, le=1, description="The mean of the three, edge alignment counted half. As `agreement`."
    )


class RemoveResult(ModelBody):
    """One model's cutout, or its failure."""

    status: Literal["success", "error"]
    image_url: str | None = None


class ProcessResult(ModelBody):
    """One model's enlarged cutout, or its failure."""

    bg_removal_status: Literal["success", "error"]
    upscale_status: Literal["success", "error", "skipped"]
    input_dimensions: Dimensions
    output_dimensions: Dimensions | None = None
    image_url: str | None = None


class ComparisonBody(Body):
    """The cutouts of several models compared with each other; absent where one model was asked."""

    selected_model_id: str | None = Field(None, description="The model of the best cutout, by `score`.")
    agreement: float | None = Field(None, ge=0, le=1, description="That cutout's; null where it has none beside it.")
    needs_review: bool | None = Field(None, description="Whether somebody should look at it before it is used.")
    review_reason: str | None = Field(None, description="Why; null where nothing speaks against it.")


class JobBody(Body):
    """A job's results."""

    job_id: str
    status: Literal["completed", "partial", "failed"]
    processing_time_ms: int
    total_cost_usd: float
    skipped: dict[str, str] = Field({}, description="Models that `all` left out, each with the reason.")


class RemoveBody(ComparisonBody, JobBody):
    """Answer of POST /remove-background."""

    results: list[RemoveResult]


class ProcessBody(ComparisonBody, JobBody):
    """Answer of POST /process."""

    results: list[ProcessResult]


class EstimateBody(Body):
    """Answer of POST /estimate."""

    models: dict[str, float] = Field(description="Price in USD of each model that would run.")
    estimate_usd: float = Field(description="Of all of them together; with `auto`, the most that it may cost.")
    least_usd: float = Field(description="The least: with `auto`, of the models that run first; else the same.")
    expected_time_ms: float | None = Field(description="The slowest model's median so far; null when none is known.")
    skipped: dict[str, str] = Field(description="Models that would not run, each with the reason.")


class UpscaleBody(Body):
    """Answer of POST /upscale."""

    job_id: str
    status: Literal["completed"]
    input_dimensions: Dimensions
    output_dimensions: Dimensions
    scale_factor: int
    alpha_preserved: bool
    processing_time_ms: int
    image_base64: str | None = Field(description="The picture; null with `response_format: url`.")
    cost_usd: float
    times_ms: dict[str, float]
    image_url: str | None = Field(None, description="Its signed address; with `response_format: url` or `both`.")


class UpscaleResult(Body):
    """The result of an upscale that is answered later: the picture, or why there is none."""

    status: Literal["success", "error"]
    input_dimensions: Dimensions
    output_dimensions: Dimensions | None
    scale_factor: int
    alpha_preserved: bool | None
    processing_time_ms: int
    image_base64: str | None = None
    image_url: str | None = None
    cost_usd: float
    times_ms: dict[str, float] | None = None
    error: str | None = Field(None, description="Why it failed; absent when it did not.")
    error_type: str | None = None
    retry_after_s: int | None = Field(None, description="Seconds until there may be capacity again.")


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
    """One model in GET /models."""

    id: str
    name: str
    provider: str
    available: bool
    state: Literal["ready", "starting", "unavailable"]
    reason: str | None = None
    price_usd: float
    licence: str
    commercial_use: bool
    timeout_s: float
    median_time_ms: float | None = Field(None, description="Of its successes so far, seen by this ingress replica.")
    engine: EngineBody | None = None


class ModelsBody(Body):
    """Answer of GET /models."""

    models: list[ModelCard]


class SelectionBody(Body):
    """Answer of POST /log-selection."""

    status: Literal["logged"]
    selection_id: str
    replaced: Literal[True] | None = Field(None, description="The job's earlier pick no longer counts; else absent.")


class ModelStatsBody(Body):
    """How often a model was picked where it was offered."""

    model_id: str
    picks: int
    offered: int = Field(description="Jobs with a pick in which it was offered: the n of the rate.")
    win_rate: float = Field(ge=0, le=1)
    low: float = Field(ge=0, le=1, description="Lower end of the 95 % Wilson score interval.")
    high: float = Field(ge=0, le=1, description="Upper end of the 95 % Wilson score interval.")


class TallyBody(Body):
    """Picks, counted."""

    picks: int = Field(description="Jobs with a pick, `none` included.")
    none: int = Field(description="Jobs for which none of the cutouts would do.")
    models: list[ModelStatsBody] = Field(description="In order of model id, which is not a ranking.")


class StatsBody(Body):
    """Answer of GET /selections/stats."""

    total: TallyBody
    categories: dict[str, TallyBody] = Field(description="By the callers' tags; a pick without one is in `total` only.")


class ExportedPick(Body):
    """One entry of GET /selections/export."""

    selection_id: str
    created_at: str = Field(description="ISO 8601, UTC.")
    selected_model_id: str
    image_category: str | None
    notes: str | None
    offered: list[str] = Field(description="The models it was chosen from, in the order shown.")


class AcceptedBody(Body):
    """Answer 202: the job is stored, and its address shows its progress."""

    job_id: str
    status: Literal["queued", "running", "completed", "partial", "failed", "cancelled"]
    status_url: str


class AttemptBody(Body):
    """One attempt to deliver a webhook."""

    at: float = Field(description="Unix time, in seconds.")
    status: int | None = Field(description="The receiver's HTTP status, when there was one.")
    reason: str | None = Field(description="Why it failed; null: delivered.")
    retry_after_s: float | None = Field(None, description="The receiver's `Retry-After`, in seconds, when it failed.")


class DeliveryBody(Body):
    """The delivery of a job's webhook so far."""

    status: Literal["pending", "delivered", "failed"]
    attempts: list[AttemptBody]


class JobStateBody(ComparisonBody):
    """Answer of GET /jobs/{job_id} and DELETE /jobs/{job_id}: pictures are in `image_url`, never in base64."""

    job_id: str
    status: Literal["queued", "running", "completed", "partial", "failed", "cancelled"]
    processing_time_ms: int = Field(description="From the job's acceptance to its end, or until now.")
    total_cost_usd: float
    skipped: dict[str, str] = Field({}, description="Models that `all` left out, each with the reason.")
    created_at: float = Field(description="Unix time, in seconds.")
    models: list[str] = Field(description="The models that run; empty for POST /upscale.")
    results: list[RemoveResult | ProcessResult | UpscaleResult] = Field(
        description="Of the models that have finished, as in the answer to the POST; of an upscale, the only one."
    )
    pictures_dropped: bool = Field(
        False,
        description="Whether its pictures were deleted to make room (`jobs.store_bytes`); their addresses are null.",
    )
    webhook: DeliveryBody | None = Field(None, description="The delivery of its webhook; null when there is none yet.")
    error: ErrorDetail | None = Field(None, description="Why the job as a whole failed; absent when it did not.")
