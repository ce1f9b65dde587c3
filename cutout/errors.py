"""The errors of the service, each with its HTTP status, its type in the contract and a public message.

CutoutError
├── ConfigurationError        a wrong value in configs/; names file, field and what was expected
├── ValidationError       400 validation_error
│   ├── MissingImage      400 missing_image
│   ├── InvalidFormat     400 invalid_format
│   └── NotFetched        400 validation_error       fetching from a permitted address failed
├── Unauthorized          401 unauthorized           no valid API key
├── Forbidden             403 forbidden              the key does not permit this
├── NotFound              404 not_found
│   └── Gone              410 not_found              it was there, and has expired or was deleted
├── MethodNotAllowed      405 method_not_allowed
├── Conflict              409 conflict               the state of the job does not permit this
│   └── IdempotencyConflict 409 idempotency_conflict the key was used for another request
├── ImageTooLarge         413 image_too_large
├── UnsupportedMediaType  415 unsupported_media_type the body is compressed
├── ProcessingError       422 processing_error       every model failed
├── RateLimited           429 rate_limited           the limits of the caller's tier
├── InternalError         500 internal_error
├── ServiceUnavailable    503 service_unavailable
└── ModelError            422 processing_error       one model failed; becomes a Failure in the result
    ├── ModelTimeout
    ├── ModelCrashed          the process died; sending the work again is safe
    ├── ProviderError         a provider returned an error, or did not respond
    └── ModelUnavailable  503 service_unavailable    no weights, no key, no provider
        ├── ModelBusy     503 service_unavailable    its queue is full
        ├── NoMemory      503 service_unavailable    its process has too little memory for the picture
        ├── BudgetSpent   503 service_unavailable    the daily ceilings permit no model
        └── LedgerAway    503 service_unavailable    nobody knows whether the daily ceilings permit one
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

SHOWN_CHARS = 200
MESSAGE_CHARS = 4000
MOST_SHOWN = 10**15


class CutoutError(Exception):
    """Base class. `message` is public: it never contains a key, a path or a traceback."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        # Both are passed to args, so that the error can be pickled between replicas.
        super().__init__(message, details)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})

    def __str__(self) -> str:
        return self.message

    @classmethod
    def of_field(cls, field: str, message: str, received: object = None) -> Self:
        """An error that names the request field and, shortened, what was received."""
        details: dict[str, Any] = {"field": shown(field)}
        if received is not None:
            details["received"] = shown(received)
        return cls(_printable(message[:MESSAGE_CHARS]), details)


def shown(received: object) -> bool | int | float | str:
    """A received value, short and printable: JSON numbers and booleans as they are, anything else as text."""
    if isinstance(received, bool) or (isinstance(received, int | float) and abs(received) < MOST_SHOWN):
        return received
    if isinstance(received, bytes):
        return f"{len(received)} bytes"
    text = f"a number of {received.bit_length()} bits" if isinstance(received, int) else str(received)[:SHOWN_CHARS]
    return _printable(text)


def _printable(text: str) -> str:
    """The text with escapes for unprintable characters."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class ConfigurationError(CutoutError):
    """A wrong value in configs/ or serve_config.yaml; stops the start."""


class ValidationError(CutoutError):
    """The request does not conform to the contract."""

    status = 400
    type = "validation_error"


class MissingImage(ValidationError):
    """Neither `image` nor `image_url` was given."""

    type = "missing_image"


class InvalidFormat(ValidationError):
    """The bytes are not a readable picture."""

    type = "invalid_format"


class NotFetched(ValidationError):
    """Fetching from a permitted address failed; trying later may succeed."""

    answered: int | None = None
    """The HTTP status of its host, if it responded."""


class Unauthorized(CutoutError):
    """An API key is required, and no valid one was given."""

    status = 401
    type = "unauthorized"


class Forbidden(CutoutError):
    """The key does not permit this, such as using a model that is not among its models."""

    status = 403
    type = "forbidden"


class NotFound(CutoutError):
    """No such path, job or picture."""

    status = 404
    type = "not_found"


class Gone(NotFound):
    """It was there, and has expired or was deleted."""

    status = 410


class MethodNotAllowed(CutoutError):
    """The path exists, the method does not."""

    status = 405
    type = "method_not_allowed"


class Conflict(CutoutError):
    """The state of the job does not permit this."""

    status = 409
    type = "conflict"


class IdempotencyConflict(Conflict):
    """The caller used this idempotency key for another request before."""

    type = "idempotency_conflict"


class ImageTooLarge(CutoutError):
    """More bytes or pixels than the service accepts or produces."""

    status = 413
    type = "image_too_large"


class ResolutionTooHigh(ImageTooLarge):
    """More pixels than the service accepts or produces."""


class UnsupportedMediaType(CutoutError):
    """The body has a content coding, which is not supported."""

    status = 415
    type = "unsupported_media_type"


class ProcessingError(CutoutError):
    """Every model failed; `details["results"]` has each one's reason."""

    status = 422
    type = "processing_error"


class RateLimited(CutoutError):
    """More requests a minute, or concurrent jobs, than the caller's tier allows; trying later succeeds."""

    status = 429
    type = "rate_limited"
    retryable = True


class InternalError(CutoutError):
    """An error in the service itself."""


class ServiceUnavailable(CutoutError):
    """A dependency is unavailable, or a queue is full."""

    status = 503
    type = "service_unavailable"
    retryable = True


class ModelError(CutoutError):
    """One model failed."""

    status = 422
    type = "processing_error"


class ModelTimeout(ModelError):
    """The model exceeded its timeout."""

    retryable = True


class ModelCrashed(ModelError):
    """The model's process died during the call."""

    retryable = True


class ProviderError(ModelError):
    """A remote provider refused or failed."""


class ModelUnavailable(ModelError):
    """The model cannot work at present: no weights, no key, no provider."""

    status = 503
    type = "service_unavailable"
    retryable = True


class ModelBusy(ModelUnavailable):
    """The model's queue is full."""


class NoMemory(ModelUnavailable):
    """The model's process ran out of memory for the picture; how far it got is unknown."""


class BudgetSpent(ModelUnavailable):
    """The daily ceilings permit none of the models."""


class LedgerAway(ModelUnavailable):
    """The ledger does not answer: whether the ceilings permit the models is not known."""
