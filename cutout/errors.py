"""Every error of the service, each knowing its HTTP status, its type in the contract and its public sentence.

CutoutError
├── ConfigurationError        a wrong value in configs/: file, field, what was expected
├── ValidationError       400 validation_error
│   ├── MissingImage      400 missing_image
│   ├── InvalidFormat     400 invalid_format
│   └── NotFetched        400 validation_error       nothing came from an address that may be fetched
├── Unauthorized          401 unauthorized           no key that is known
├── Forbidden             403 forbidden              a model that the key may not use
├── NotFound              404 not_found
├── MethodNotAllowed      405 method_not_allowed
├── Conflict              409 conflict               the job is not in a state for this
│   └── IdempotencyConflict 409 idempotency_conflict the key was used with another request
├── ImageTooLarge         413 image_too_large
├── UnsupportedMediaType  415 unsupported_media_type a body that is compressed
├── ProcessingError       422 processing_error       every model failed
├── RateLimited           429 rate_limited           more than the caller's tier allows
├── InternalError         500 internal_error
├── ServiceUnavailable    503 service_unavailable
└── ModelError            422 processing_error       one model's failure; becomes a Failure in the result
    ├── ModelTimeout
    ├── ModelCrashed          the process died or broke; sending the work again is safe
    ├── ProviderError         a remote model answered with an error, or not at all
    └── ModelUnavailable  503 service_unavailable    no weights, no key, no provider
        ├── ModelBusy     503 service_unavailable    its queue is full
        ├── NoMemory      503 service_unavailable    its process has no memory for the picture
        └── BudgetSpent   503 service_unavailable    daily ceilings leave no model
"""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

SHOWN_CHARS = 200
MESSAGE_CHARS = 4000
MOST_SHOWN = 10**15


class CutoutError(Exception):
    """Base of all. `message` is public: it never holds a key, a path or a traceback."""

    status: ClassVar[int] = 500
    type: ClassVar[str] = "internal_error"
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, details: Mapping[str, Any] | None = None) -> None:
        # Both go into args, so that the error survives pickling between replicas.
        super().__init__(message, details)
        self.message = message
        self.details: dict[str, Any] = dict(details or {})

    def __str__(self) -> str:
        return self.message

    @classmethod
    def of_field(cls, field: str, message: str, received: object = None) -> Self:
        """An error that names the request field at fault and, where it is short, what was received."""
        details: dict[str, Any] = {"field": shown(field)}
        if received is not None:
            details["received"] = shown(received)
        return cls(_printable(message[:MESSAGE_CHARS]), details)


def shown(received: object) -> bool | int | float | str:
    """What was received, short and printable: numbers that JSON has as they are, all else as text."""
    if isinstance(received, bool) or (isinstance(received, int | float) and abs(received) < MOST_SHOWN):
        return received
    if isinstance(received, bytes):
        return f"{len(received)} bytes"
    text = f"a number of {received.bit_length()} bits" if isinstance(received, int) else str(received)[:SHOWN_CHARS]
    return _printable(text)


def _printable(text: str) -> str:
    """The text with escapes for what would not be seen, or could not be written."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


class ConfigurationError(CutoutError):
    """A wrong value in configs/ or serve_config.yaml; stops the start."""


class ValidationError(CutoutError):
    """The request is not of the contract's form."""

    status = 400
    type = "validation_error"


class MissingImage(ValidationError):
    """Neither `image` nor `image_url` was given."""

    type = "missing_image"


class InvalidFormat(ValidationError):
    """The bytes are not a picture that can be read."""

    type = "invalid_format"


class NotFetched(ValidationError):
    """Nothing came from an address that may be fetched; at another time something may."""

    answered: int | None = None
    """The HTTP status with which its host said so."""


class Unauthorized(CutoutError):
    """A key is wanted, and none that is known was given."""

    status = 401
    type = "unauthorized"


class Forbidden(CutoutError):
    """The key may not do this, such as using a model that it was not made for."""

    status = 403
    type = "forbidden"


class NotFound(CutoutError):
    """No such path, job or picture."""

    status = 404
    type = "not_found"


class MethodNotAllowed(CutoutError):
    """The path exists, the method does not."""

    status = 405
    type = "method_not_allowed"


class Conflict(CutoutError):
    """What is asked for does not fit the state of the job."""

    status = 409
    type = "conflict"


class IdempotencyConflict(Conflict):
    """The caller used this idempotency key with another request before."""

    type = "idempotency_conflict"


class ImageTooLarge(CutoutError):
    """More bytes, or more pixels in or out, than the service accepts."""

    status = 413
    type = "image_too_large"


class ResolutionTooHigh(ImageTooLarge):
    """More pixels than the service accepts or makes."""


class UnsupportedMediaType(CutoutError):
    """The body is compressed, or coded in another way that is not undone."""

    status = 415
    type = "unsupported_media_type"


class ProcessingError(CutoutError):
    """Every model failed; `details["results"]` has each one's reason."""

    status = 422
    type = "processing_error"


class RateLimited(CutoutError):
    """More requests a minute, or more jobs at a time, than the caller's tier allows; passes by itself."""

    status = 429
    type = "rate_limited"
    retryable = True


class InternalError(CutoutError):
    """A fault of the service itself."""


class ServiceUnavailable(CutoutError):
    """Something outside, or room in a queue, is missing for now."""

    status = 503
    type = "service_unavailable"
    retryable = True


class ModelError(CutoutError):
    """One model could not do its work."""

    status = 422
    type = "processing_error"


class ModelTimeout(ModelError):
    """The model did not answer within its time."""

    retryable = True


class ModelCrashed(ModelError):
    """The model's process died with the call in flight."""

    retryable = True


class ProviderError(ModelError):
    """A remote provider refused, failed or could not be reached."""


class ModelUnavailable(ModelError):
    """The model cannot work for now: no weights, no key, no provider."""

    status = 503
    type = "service_unavailable"
    retryable = True


class ModelBusy(ModelUnavailable):
    """The model's queue is full."""


class NoMemory(ModelUnavailable):
    """The model's process had no memory left for the picture; what it had begun by then is not known."""


class BudgetSpent(ModelUnavailable):
    """Daily ceilings leave no money for any of the models."""
