"""The body sent to a `webhook_url`."""

from typing import Literal

from pydantic import Field

from serve_app.contract.errors import ErrorDetail
from serve_app.contract.responses import ComparisonBody, ProcessResult, RemoveResult, UpscaleResult


class WebhookBody(ComparisonBody):
    """A job has ended. Pictures are at `image_url`, and in `image_base64` where all of them together are small."""

    event: Literal["job_completed", "job_failed", "job_cancelled"]
    job_id: str
    results: list[RemoveResult | ProcessResult | UpscaleResult]
    signature: str | None = Field(description="HMAC-SHA256 of the body without it, in hex; null without a secret.")
    status: Literal["completed", "partial", "failed", "cancelled"]
    total_cost_usd: float
    skipped: dict[str, str] = Field({}, description="Models that `all` left out, each with the reason.")
    error: ErrorDetail | None = Field(None, description="Why the job as a whole failed; absent when it did not.")
