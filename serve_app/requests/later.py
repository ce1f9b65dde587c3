"""Requests that become durable jobs: Prefer, Idempotency-Key, and what makes two requests the same."""

import hashlib
import json
from collections.abc import Iterable
from typing import Any, Final

from starlette.requests import Request

from cutout.errors import ValidationError
from cutout.pixels.plain import Colour, OutputFormat
from serve_app.contract import BatchForm, DurableForm
from serve_app.requests.asked import BatchItem, GivenPicture, Later, PictureSource

KEY: Final = "Idempotency-Key"
KEY_CHARS = 255
ASYNC = "respond-async"
FIRST_FIELDS: Final = frozenset({
    "image_url", "output_format", "output_type", "background_url", "crop", "crop_margin", "pick", "image_category",
    "max_cost_usd", "deadline_ms", "local_only", "commercial_only", "response_format", "webhook_url", "webhook_secret",
    "include_models", "bg_models", "upscale_factor", "scale_factor", "preserve_alpha",
})  # fmt: skip
"""The fields of 1.0.0. Fingerprints have them all; of a later field only a value that is not its default, so that keys
stored before an upgrade stay good."""


def is_durable(request: Request, form: DurableForm) -> bool:
    """Whether a request becomes a durable job: it is answered later, may be repeated, or its pictures are stored."""
    return _is_asynchronous(request, form) or KEY in request.headers or form.response_format != "base64"


def read_later(
    request: Request,
    form: DurableForm,
    output_format: OutputFormat,
    picture: PictureSource,
    background: Colour | PictureSource | None = None,
) -> Later:
    """How such a request is answered; raises ValidationError for an Idempotency-Key that cannot be one."""
    return Later(
        asynchronous=_is_asynchronous(request, form),
        response_format=form.response_format,
        idempotency_key=idempotency_key(request),
        fingerprint=_fingerprint(form, output_format, picture, background),
        webhook_url=form.webhook_url,
        webhook_secret=form.webhook_secret,
    )


def prefers_async(request: Request) -> bool:
    """RFC 7240: Prefer may come several times, and have several preferences, each with parameters."""
    preferences = ",".join(request.headers.getlist("prefer")).split(",")
    return any(one.partition(";")[0].strip().lower() == ASYNC for one in preferences)


def _is_asynchronous(request: Request, form: DurableForm) -> bool:
    return form.webhook_url is not None or prefers_async(request)


def idempotency_key(request: Request) -> str | None:
    """Its Idempotency-Key, if it has one; raises ValidationError for one that cannot be."""
    key = request.headers.get(KEY)
    if key is not None and not (0 < len(key) <= KEY_CHARS and key.isascii() and key.isprintable()):
        raise ValidationError.of_field(KEY, f"{KEY}: 1 to {KEY_CHARS} printable ASCII characters expected")
    return key


def _fingerprint(
    form: DurableForm, output_format: OutputFormat, picture: PictureSource, background: Colour | PictureSource | None
) -> str:
    """The same for every content type by which a request may come, and every version that knows its fields."""
    given = form.model_dump(exclude_defaults=True).keys()
    fields = form.model_dump(mode="json", exclude={"image", "background"})
    fields = {name: value for name, value in fields.items() if name in FIRST_FIELDS or name in given}
    fields |= {"endpoint": type(form).__name__, "output_format": output_format}
    return _digest([fields, _content(picture), _content(background)])


def batch_fingerprint(form: BatchForm, pictures: Iterable[BatchItem], background: Colour | PictureSource | None) -> str:
    """The same of a batch: its pictures count by their names and their contents or addresses."""
    fields = form.model_dump(mode="json", exclude={"images", "image_urls", "background"}, exclude_defaults=True)
    return _digest([fields, [(one.name, one.place) for one in pictures], _content(background)])


def _digest(asked: Any) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


def _content(given: Colour | PictureSource | None) -> Any:
    """What stands for a picture or a colour in a fingerprint; an address is among the form's fields."""
    if isinstance(given, tuple):
        return given
    return hashlib.sha256(given.data).hexdigest() if isinstance(given, GivenPicture) else None
