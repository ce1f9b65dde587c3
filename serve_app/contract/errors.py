"""Answers when a request fails."""

from typing import Literal, TypeAlias

from pydantic import ConfigDict, Field

from serve_app.contract.body import Body

ErrorType: TypeAlias = Literal[
    "validation_error", "missing_image", "invalid_format", "image_too_large", "processing_error", "internal_error",
    "service_unavailable", "unauthorized", "forbidden", "not_found", "method_not_allowed", "conflict",
    "idempotency_conflict", "unsupported_media_type", "rate_limited",
]  # fmt: skip


class ErrorDetails(Body):
    """Details of an error; each is absent where it does not apply, and others may be present."""

    model_config = ConfigDict(extra="allow")

    field: str | None = Field(None, description="The request's field or header at fault.")
    received: str | float | bool | None = Field(None, description="The value that it had, shortened to printable text.")
    models: dict[str, str] | None = Field(None, description="Why each model failed, or was left out.")
    retry_after_s: int | None = Field(None, description="Seconds until a retry may succeed.")
    limit: int | None = Field(None, description="With `rate_limited`: of the caller's tier.")
    estimate_usd: float | None = Field(None, description="With `max_cost_usd`: what the models would cost together.")


class ErrorDetail(Body):
    """One error."""

    type: ErrorType
    message: str
    details: ErrorDetails = ErrorDetails()


class ErrorBody(Body):
    """Every error of the service."""

    error: ErrorDetail


class CancelledJobBody(ErrorBody):
    """The durable job that was waited for was cancelled."""

    job_id: str
    status: Literal["cancelled"]
