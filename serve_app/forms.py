"""Request -> form and picture bytes. JSON, multipart/form-data and raw bodies say the same."""

import asyncio
from collections.abc import Iterable
from typing import Any, TypeVar

import pydantic
from starlette.datastructures import FormData, QueryParams, UploadFile
from starlette.requests import Request

from cutout.errors import MissingImage, ValidationError
from cutout.outcome import Terms
from cutout.spec import LimitsSpec
from serve_app.bodies import FIELDS_BYTES, base64_bytes, bounded, explained, media_type, read_body, too_large
from serve_app.contract import ComposeForm, Form, PictureForm, TermsForm

F = TypeVar("F", bound=PictureForm)
J = TypeVar("J", bound=Form)
EXPECTED = "application/json, multipart/form-data, or a picture's own bytes as image/* or application/octet-stream"


async def read_form(request: Request, form: type[F], limits: LimitsSpec) -> tuple[F, bytes | None]:
    """The checked fields of a request, and its picture; None when it is to be fetched from `image_url`.

    Raises:
        ValidationError: wrong content type, form or field; the details name the field.
        MissingImage: neither picture nor address.
        ImageTooLarge: more bytes than `limits.body_bytes`; the rest is not read.
    """
    kind = media_type(request)
    if kind == "application/json":
        fields, image = await _json(request, form, limits)
    elif kind == "multipart/form-data":
        fields, image = await _multipart(request, form, limits)
    elif kind.startswith("image/") or kind == "application/octet-stream":
        fields, image = _checked(form, _flat(request.query_params)), await read_body(request, limits.body_bytes)
    else:
        raise ValidationError.of_field("Content-Type", f"Content type expected: {EXPECTED}", kind or "none")
    return fields, _one_picture(fields, image, limits)


async def read_compose(request: Request, limits: LimitsSpec) -> ComposeForm:
    """The checked fields of a request that brings no picture but a background; raises as `read_form`."""
    kind = media_type(request)
    if kind == "application/json":
        body = await read_body(request, limits.body_bytes * 4 // 3 + FIELDS_BYTES)
        return await asyncio.to_thread(_validated, body, ComposeForm)
    if kind == "multipart/form-data":
        return (await _multipart(request, ComposeForm, limits))[0]
    expected = "application/json or multipart/form-data"
    raise ValidationError.of_field("Content-Type", f"Content type expected: {expected}", kind or "none")


async def read_json(request: Request, form: type[J]) -> J:
    """A JSON request without a picture, of at most FIELDS_BYTES; raises as `read_form`."""
    kind = media_type(request)
    if kind != "application/json":
        raise ValidationError.of_field("Content-Type", "Content type expected: application/json", kind or "none")
    return _validated(await read_body(request, FIELDS_BYTES, _wordy), form)


def terms(form: TermsForm) -> Terms:
    """The caller's terms, in seconds and dollars."""
    deadline_s = None if form.deadline_ms is None else form.deadline_ms / 1000
    return Terms(form.max_cost_usd, deadline_s, form.local_only, form.commercial_only)


async def _json(request: Request, form: type[F], limits: LimitsSpec) -> tuple[F, bytes | None]:
    body = await read_body(request, limits.body_bytes * 4 // 3 + FIELDS_BYTES)
    return await asyncio.to_thread(_parsed, body, form)


def _parsed(body: bytes, form: type[F]) -> tuple[F, bytes | None]:
    fields = _validated(body, form)
    text = fields.image
    return fields, None if text is None else base64_bytes(text, "image")


def _validated(body: bytes, form: type[J]) -> J:
    try:
        return form.model_validate_json(body)
    except pydantic.ValidationError as wrong:
        raise explained(wrong) from None


async def _multipart(request: Request, form: type[J], limits: LimitsSpec) -> tuple[J, bytes | None]:
    request = bounded(request, limits.body_bytes + FIELDS_BYTES)
    pictures = [name for name in ("image", "background") if name in form.model_fields]
    async with request.form(max_files=len(pictures), max_fields=32, max_part_size=FIELDS_BYTES) as parts:
        files = {name: part for name, part in parts.multi_items() if isinstance(part, UploadFile)}
        if misplaced := files.keys() - set(pictures):
            name, expected = misplaced.pop(), " or ".join(f"`{name}`" for name in pictures)
            raise ValidationError.of_field(name, f"The picture is expected in the part named {expected}", name)
        behind = {name: await files[name].read() for name in files.keys() - {"image"}}
        fields = _checked(form, _flat(parts) | behind)
        if "image" in files:
            return fields, await files["image"].read()
    text = getattr(fields, "image", None)
    return fields, None if text is None else await asyncio.to_thread(base64_bytes, text, "image")


def _flat(pairs: FormData | QueryParams) -> dict[str, Any]:
    """Values of text fields; a list may be repeated, or written with commas."""
    values: dict[str, Any] = {}
    for name, value in pairs.multi_items():
        if isinstance(value, UploadFile):
            continue
        if name in ("include_models", "bg_models"):
            values.setdefault(name, []).extend(part.strip() for part in value.split(","))
        else:
            values[name] = value
    return values


def _checked(form: type[J], values: dict[str, Any]) -> J:
    # A Literal of integers does not take text: digits are turned into numbers first.
    numbers = {name: int(v) for name, v in values.items() if name.endswith("_factor") and str(v).isdecimal()}
    try:
        return form.model_validate(values | numbers)
    except pydantic.ValidationError as wrong:
        raise explained(wrong) from None


def _one_picture(fields: PictureForm, image: bytes | None, limits: LimitsSpec) -> bytes | None:
    if image is None and fields.image_url is None:
        raise MissingImage("Either image or image_url is required", {"field": "image"})
    if image is not None and fields.image_url is not None:
        raise ValidationError.of_field("image_url", "Only one of image and image_url is expected")
    if image is not None and len(image) > limits.body_bytes:
        raise too_large(limits.body_bytes)
    return image


def _wordy(limit_bytes: int) -> ValidationError:
    return ValidationError.of_field("body", f"A body of at most {limit_bytes} bytes is expected")


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
