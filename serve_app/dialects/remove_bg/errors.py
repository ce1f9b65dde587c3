"""remove.bg's errors: codes, titles and statuses."""

from typing import Final

from starlette.responses import JSONResponse, Response

from cutout.errors import (
    BudgetSpent,
    CutoutError,
    Forbidden,
    ImageTooLarge,
    InvalidFormat,
    MethodNotAllowed,
    ModelUnavailable,
    NotFound,
    RateLimited,
    ResolutionTooHigh,
    ServiceUnavailable,
    Unauthorized,
    UnsupportedMediaType,
    ValidationError,
)
from cutout.pixels.formats.kind import READABLE
from serve_app.dialects.remove_bg.bodies import RemoveBgErrors
from serve_app.dialects.remove_bg.form import RemoveBgForm
from serve_app.dialects.remove_bg.order import Refused
from serve_app.responses.dialect import Dialect
from serve_app.responses.errors import headers_of

Row = tuple[type[CutoutError], int, str, str]
ROWS: Final[tuple[Row, ...]] = (
    (Unauthorized, 403, "auth_failed", "API Key invalid"),
    (Forbidden, 403, "auth_failed", "Not allowed for this API Key"),
    (RateLimited, 429, "rate_limit_exceeded", "Rate limit exceeded"),
    (BudgetSpent, 402, "insufficient_credits", "Insufficient credits"),
    (ResolutionTooHigh, 400, "resolution_too_high", "Image resolution too high"),
    (ImageTooLarge, 400, "file_too_large", "File too large"),
    (UnsupportedMediaType, 415, "unsupported_media_type", "Unsupported media type"),
    (InvalidFormat, 400, "failed_to_read_image", "There was an error reading the image"),
    (ValidationError, 400, "invalid_request", "Invalid request"),
    (NotFound, 404, "not_found", "Not found"),
    (MethodNotAllowed, 405, "method_not_allowed", "Method not allowed"),
    (ModelUnavailable, 503, "service_unavailable", "Service unavailable"),
    (ServiceUnavailable, 503, "service_unavailable", "Service unavailable"),
    (CutoutError, 500, "internal_error", "The image could not be processed"),
)
"""Status, code and title of each error; the first row that matches counts. Some codes are not in remove.bg's list."""


def error_response(error: CutoutError) -> Response:
    """An error in remove.bg's form."""
    status, code, title = next((status, code, title) for kind, status, code, title in ROWS if isinstance(error, kind))
    if isinstance(error, Refused):
        code, title = error.code, error.title
    elif code in ("invalid_request", "failed_to_read_image"):
        code, title = _of_field(error, code, title)
    body = {"errors": [{"title": title, "detail": error.message, "code": code}]}
    return JSONResponse(body, status, {} if isinstance(error, BudgetSpent) else headers_of(error))


def _of_field(error: CutoutError, code: str, title: str) -> tuple[str, str]:
    """Code and title of a wrong field, or of a picture that cannot be read."""
    field, received = str(error.details.get("field", "")), error.details.get("received")
    if isinstance(error, InvalidFormat) and not field.startswith("bg_"):
        return (code, title) if received in (None, *READABLE) else ("invalid_file_type", "Invalid file type")
    return (
        (f"invalid_{field}", f"Invalid {field} parameter given")
        if field in RemoveBgForm.model_fields
        else (code, title)
    )


REMOVE_BG: Final = Dialect(error_response, RemoveBgErrors)
