"""Request -> form and picture bytes. JSON, multipart/form-data and raw bodies say the same, the query with each."""

import asyncio
from collections.abc import Iterable
from typing import TypeVar

from starlette.requests import Request

from cutout.errors import MissingImage, ValidationError
from cutout.jobs import Terms
from cutout.limits import LimitsSpec
from serve_app.contract import ComposeForm, Form, PictureForm, TermsForm
from serve_app.requests.bodies.base64_text import base64_bytes
from serve_app.requests.bodies.fields import JSON, MULTIPART, Wanted, checked, read_fields, with_query
from serve_app.requests.bodies.reading import media_type, read_body, too_large

F = TypeVar("F", bound=PictureForm)
J = TypeVar("J", bound=Form)
EXPECTED = "application/json, multipart/form-data, or a picture's own bytes as image/* or application/octet-stream"
PICTURES = ("image", "background")


async def read_form(request: Request, form: type[F], limits: LimitsSpec) -> tuple[F, bytes | None]:
    """The checked fields of a request, and its picture; None when it is to be fetched from `image_url`.

    Raises:
        ValidationError: wrong content type, form or field; the details name the field.
        MissingImage: neither picture nor address.
        UnsupportedMediaType: a body that is compressed.
        ImageTooLarge: a picture of more bytes than `limits.body_bytes`; the rest is not read.
    """
    kind, wanted = media_type(request), _wanted(form)
    if kind.startswith("image/") or kind == "application/octet-stream":
        image = await read_body(request, limits.body_bytes, lambda: too_large(limits.body_bytes))
        values = with_query(request, {"image": image} if image else {}, wanted)
    elif kind in wanted.kinds:
        values = await read_fields(request, limits, wanted)
    else:
        raise ValidationError.of_field("Content-Type", f"Content type expected: {EXPECTED}", kind or "none")
    fields = checked(form, values)
    return fields, await asyncio.to_thread(one_picture, fields, limits)


async def read_compose(request: Request, limits: LimitsSpec) -> ComposeForm:
    """The checked fields of a request that brings no picture but a background; raises as `read_form`."""
    return checked(ComposeForm, await read_fields(request, limits, _wanted(ComposeForm)))


async def read_json(request: Request, form: type[J]) -> J:
    """A JSON request without a picture; raises as `read_form`."""
    return checked(form, await read_fields(request, LimitsSpec(), Wanted((JSON,))))


def terms(form: TermsForm) -> Terms:
    """The caller's terms, in seconds and dollars."""
    deadline_s = None if form.deadline_ms is None else form.deadline_ms / 1000
    return Terms(form.max_cost_usd, deadline_s, form.local_only, form.commercial_only)


def _wanted(form: type[Form]) -> Wanted:
    pictures = tuple(name for name in PICTURES if name in form.model_fields)
    return Wanted((JSON, MULTIPART), pictures, pictures)


def one_picture(fields: PictureForm, limits: LimitsSpec) -> bytes | None:
    """The picture that a form brings; None when it is to be fetched. Raises as `read_form`."""
    given = fields.image
    if given is None and fields.image_url is None:
        raise MissingImage("Either image or image_url is required", {"field": "image"})
    if given is not None and fields.image_url is not None:
        raise ValidationError.of_field("image_url", "Only one of image and image_url is expected")
    image = base64_bytes(given, "image") if isinstance(given, str) else given
    if image is not None and len(image) > limits.body_bytes:
        raise too_large(limits.body_bytes)
    return image


def known_models(asked: Iterable[str], known: Iterable[str], field: str) -> tuple[str, ...]:
    """The ids asked for, each once, in the order asked.

    Raises:
        ValidationError: an id is unknown; the message names it and the known ones.
    """
    known = tuple(known)
    asked = tuple(dict.fromkeys(asked))
    for model_id in asked:
        if model_id != "all" and model_id not in known:
            raise ValidationError.of_field(
                field, f"Unknown model {model_id[:64]!r}. Known: all, {', '.join(known)}", model_id
            )
    return asked
