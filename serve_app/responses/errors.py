"""Error -> the contract's error body and headers; what stands for a job of which nothing succeeded."""

import math
from collections.abc import Mapping
from typing import Any

from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from cutout.errors import (
    CutoutError,
    InternalError,
    ProcessingError,
    RateLimited,
    ServiceUnavailable,
    UnsupportedMediaType,
)
from cutout.results import Failure, Result

RETRY_AFTER_S = 5
"""Retry-After of a temporary refusal whose end is unknown, such as an unavailable ledger or store."""
PASSING = (RateLimited.status, ServiceUnavailable.status)


class ErrorResponse(JSONResponse):
    """An error body; stores its type in `scope["state"]["error_type"]`, for the metrics of refusals."""

    def __init__(self, error: CutoutError, job: Mapping[str, Any], headers: dict[str, str] | None) -> None:
        self._type = error.type
        super().__init__({**error_body(error), **job}, error.status, headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one ASGI request."""
        scope.setdefault("state", {})["error_type"] = self._type
        await super().__call__(scope, receive, send)


def error_response(error: CutoutError, job: Mapping[str, Any] | None = None) -> Response:
    """The contract's error body, with what is known of the job. A refusal that passes carries Retry-After."""
    return ErrorResponse(error, job or {}, headers_of(error))


def error_body(error: CutoutError) -> dict[str, Any]:
    """The contract's error body."""
    return {"error": {"type": error.type, "message": error.message, "details": error.details}}


def headers_of(error: CutoutError) -> dict[str, str]:
    """Headers of a refusal that is temporary, or that another encoding avoids; none for others."""
    if isinstance(error, UnsupportedMediaType):
        return {"Accept-Encoding": "identity"}  # RFC 7694: what a body may be coded in
    if error.status not in PASSING:
        return {}
    return {"Retry-After": str(math.ceil(error.details.get("retry_after_s") or RETRY_AFTER_S))}


def all_failed(result: Result) -> CutoutError:
    """422 when the models failed; 503 when none could start, with the shortest of their waits."""
    failures = [r.outcome for r in result.results if isinstance(r.outcome, Failure)]
    reasons = {f.model_id: f.message for f in failures} | result.skipped
    message = "; ".join(f"{model_id}: {reason}" for model_id, reason in reasons.items())
    details: dict[str, Any] = {"models": reasons}
    if not all(f.unavailable for f in failures):
        return ProcessingError(f"All models failed. {message}", details)
    waits_s = [f.retry_after_s for f in failures if f.retry_after_s is not None]
    details["retry_after_s"] = math.ceil(min(waits_s, default=RETRY_AFTER_S))
    return ServiceUnavailable(f"All models failed. {message}", details)


def failed_upscale(failure: Failure) -> CutoutError:
    """The error for an upscale that was stored as a failure."""
    wait_s = failure.retry_after_s
    details = {} if wait_s is None else {"retry_after_s": wait_s}
    for kind in (ServiceUnavailable, InternalError):
        if failure.type == kind.type:
            return kind(failure.message, details)
    return ProcessingError(failure.message, details)


def reason(failure: Failure) -> dict[str, Any]:
    """Why a model or an upscale failed, and when to try again."""
    wait = {} if failure.retry_after_s is None else {"retry_after_s": math.ceil(failure.retry_after_s)}
    return {"error": failure.message, "error_type": failure.type, **wait}
