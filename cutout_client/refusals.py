"""Error responses: the matching class of cutout/errors.py, and whether to retry the request."""

import random
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from cutout.errors import (
    Conflict,
    CutoutError,
    Forbidden,
    IdempotencyConflict,
    ImageTooLarge,
    InternalError,
    InvalidFormat,
    MethodNotAllowed,
    MissingImage,
    NotFound,
    ProcessingError,
    RateLimited,
    ServiceUnavailable,
    Unauthorized,
    UnsupportedMediaType,
    ValidationError,
)
from cutout.retry_after import retry_after_s

if TYPE_CHECKING:
    import httpx

BY_TYPE = {
    kind.type: kind
    for kind in (
        ValidationError, MissingImage, InvalidFormat, Unauthorized, Forbidden, NotFound, MethodNotAllowed, Conflict,
        IdempotencyConflict, ImageTooLarge, UnsupportedMediaType, ProcessingError, RateLimited,
        InternalError, ServiceUnavailable,
    )
}  # fmt: skip
TEMPORARY = frozenset({429, 502, 503, 504})
"""Temporary errors; 502 and 504 come from a proxy, when an ingress replica died."""
FROM_A_PROXY = TEMPORARY | {500}
"""The same for responses that are not the service's own: Ray's HAProxy uses 500 where others use 502 to 504."""
LONGEST_WAIT_S = 60.0
"""Longest Retry-After that is waited for, in seconds."""


def error_of(kind: str | None, message: str, details: Mapping[str, Any] | None = None) -> CutoutError:
    """The error class of a `type` in the contract; InternalError for a type that this client does not know."""
    return BY_TYPE.get(kind or "", InternalError)(message, details)


class Refused(Exception):
    """An unsuccessful response."""

    def __init__(self, response: "httpx.Response") -> None:
        super().__init__(response.status_code)
        body = _json(response)
        self.error = _error(response, body)
        # With a job's id it is that job's result: under the same Idempotency-Key it will not change.
        temporary = _is_temporary(response, body) and "job_id" not in body
        wait_s = retry_after_s(response.headers.get("Retry-After"))
        self.again: bool | float = temporary
        """Whether to retry the request; a number is the wait that the service asks for, in seconds."""
        if temporary and wait_s is not None:
            jitter_s = random.uniform(0, 0.5)  # noqa: S311 - spreads retries; not a secret
            self.again = wait_s <= LONGEST_WAIT_S and wait_s + jitter_s


def _error(response: "httpx.Response", body: Mapping[str, Any]) -> CutoutError:
    match body.get("error"):
        case {"type": str(kind), "message": str(message), **more}:
            details = more.get("details")
            return error_of(kind, message, details if isinstance(details, dict) else None)
    sentence = f"{response.request.url} answered {response.status_code}, in a form that is not Cutout Shotgun's"
    return ServiceUnavailable(sentence) if _is_temporary(response, body) else InternalError(sentence)


def _is_temporary(response: "httpx.Response", body: Mapping[str, Any]) -> bool:
    return response.status_code in (TEMPORARY if "error" in body else FROM_A_PROXY)


def _json(response: "httpx.Response") -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
