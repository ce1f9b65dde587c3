"""The bodies about a batch."""

from typing import Literal, TypeAlias

from pydantic import Field

from serve_app.contract.body import Body, Phase
from serve_app.contract.deliveries import DeliveryBody
from serve_app.contract.errors import ErrorDetail

ENDED_BATCH: TypeAlias = Literal["completed", "partial", "failed", "cancelled"]


class AcceptedBatchBody(Body):
    """Answer 202: the batch is stored, and its address shows its progress."""

    batch_id: str
    status: Phase
    status_url: str
    items_total: int = Field(description="How many pictures it has.")
    estimate_usd: float = Field(description="Of all of them; with `auto`, the most that they may cost.")


class BatchCounts(Body):
    """Items by their status."""

    queued: int
    running: int
    completed: int
    partial: int
    failed: int
    cancelled: int


class BatchItemBody(Body):
    """One picture of a batch."""

    number: int = Field(description="From 1, in the order of the request.")
    name: str = Field(description="Of its file, or the end of its address.")
    job_id: str = Field(description="Of its job: GET /jobs/{job_id} has every model's result, once it is running.")
    status: Phase
    selected_model_id: str | None = Field(None, description="The model of the best cutout, or the only one.")
    image_url: str | None = Field(None, description="Signed address of that cutout.")
    mask_url: str | None = Field(None, description="The same of its mask, with `output_type: both`.")
    cost_usd: float
    error: str | None = Field(None, description="Why it has no cutout; absent when it has one, or is not finished.")
    error_type: str | None = None


class BatchSummary(Body):
    """What is known of a batch as a whole."""

    batch_id: str
    items_total: int
    counts: BatchCounts
    total_cost_usd: float
    estimate_usd: float


class BatchBody(BatchSummary):
    """Answer of GET and DELETE /batches/{batch_id}."""

    status: Phase = Field(description="`completed`: each picture has a cutout; `failed`: none has.")
    created_at: float = Field(description="Unix time, in seconds.")
    ended_at: float | None = Field(description="Unix time, in seconds; null while it runs.")
    max_cost_usd: float | None
    items: list[BatchItemBody]
    next: int | None = Field(description="`after` of the next page; null: there is none.")
    results_url: str = Field(description="Address of the ZIP; 409 while the batch runs.")
    webhook: DeliveryBody | None = Field(None, description="The delivery of its webhook; null when there is none yet.")
    error: ErrorDetail | None = Field(None, description="Why the batch as a whole failed; absent when it did not.")


class BatchWebhookBody(BatchSummary):
    """A batch has ended."""

    event: Literal["batch_completed", "batch_failed", "batch_cancelled"]
    status: ENDED_BATCH
    status_url: str
    results_url: str
    signature: str | None = Field(description="HMAC-SHA256 of the body without it, in hex; null without a secret.")
    error: ErrorDetail | None = Field(None, description="Why the batch as a whole failed; absent when it did not.")
