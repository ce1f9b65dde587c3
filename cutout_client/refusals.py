"""An answer that is an error -> the service's own error class, and whether the request is worth repeating."""

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
PASSING = frozenset({429, 502, 503, 504})
"""Refusals that may be gone at the next try; 502 and 504 are a proxy's, when an ingress replica died."""
FROM_A_PROXY = PASSING | {500}
"""The same, of an answer that is not the service's own: Ray's HAProxy says 500 where others say 502 to 504."""
LONGEST_WAIT_S = 60.0
"""A Retry-After beyond this is not waited for."""


def error_of(kind: str | None, message: str, details: Mapping[str, Any] | None = None) -> CutoutError:
    """The error of a `type` of the contract; one that this client does not know is InternalError."""
    return BY_TYPE.get(kind or "", InternalError)(message, details)


class Refused(Exception):
    """An answer that is no success."""

    def __init__(self, response: "httpx.Response") -> None:
        super().__init__(response.status_code)
        body = _json(response)
        self.error = _error(response, body)
        # With a job's id it is what the job came to: under its Idempotency-Key it will never be anything else.
        passing = _passes(response, body) and "job_id" not in body
        wait_s = retry_after_s(response.headers.get("Retry-After"))
        self.again: bool | float = passing
        """Whether the request is worth repeating; a number is the wait that the service wants, in seconds."""
        if passing and wait_s is not None:
            jitter_s = random.uniform(0, 0.5)  # noqa: S311 - spreads callers, hides nothing
            self.again = wait_s <= LONGEST_WAIT_S and wait_s + jitter_s


def _error(response: "httpx.Response", body: Mapping[str, Any]) -> CutoutError:
    match body.get("error"):
        case {"type": str(kind), "message": str(message), **more}:
            details = more.get("details")
            return error_of(kind, message, details if isinstance(details, dict) else None)
    sentence = f"{response.request.url} answered {response.status_code}, and not as Cutout Shotgun does"
    return ServiceUnavailable(sentence) if _passes(response, body) else InternalError(sentence)


def _passes(response: "httpx.Response", body: Mapping[str, Any]) -> bool:
    return response.status_code in (PASSING if "error" in body else FROM_A_PROXY)


def _json(response: "httpx.Response") -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
