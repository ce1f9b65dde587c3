"""Answers when a job failed: the error, and the result of each model."""

from typing import Literal

from pydantic import Field

from serve_app.contract.errors import ErrorBody
from serve_app.contract.responses import ProcessResult, RemoveResult


class FailedJobBody(ErrorBody):
    """Every model failed: 422, or 503 when none could even start."""

    job_id: str
    status: Literal["failed"]
    processing_time_ms: int
    total_cost_usd: float
    skipped: dict[str, str] = Field({}, description="Models that `all` left out, each with the reason.")


class FailedRemoveBody(FailedJobBody):
    """Of POST /remove-background."""

    results: list[RemoveResult]


class FailedProcessBody(FailedJobBody):
    """Of POST /process."""

    results: list[ProcessResult]


class FailedUpscaleBody(ErrorBody):
    """Of POST /upscale, where it was a durable job."""

    job_id: str
    status: Literal["failed"]
