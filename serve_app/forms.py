"""Request -> form and picture bytes, bounded while reading. JSON, multipart/form-data and raw bodies say the same."""

import asyncio
import binascii
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

import pydantic
from starlette.datastructures import FormData, QueryParams, UploadFile
from starlette.requests import Request

from cutout.errors import CutoutError, ImageTooLarge, MissingImage, ValidationError
from cutout.outcome import Terms
from cutout.spec import LimitsSpec
from serve_app.contract import Form, PictureForm, TermsForm

F = TypeVar("F", bound=PictureForm)
J = TypeVar("J", bound=Form)
Refusal: TypeAlias = Callable[[int], CutoutError]
"""Limit in bytes -> what a larger body is answered with."""
FIELDS_BYTES = 64 * 1024
"""Room for everything in a body that is not the picture."""
EXPECTED = "application/json, multipart/form-data, or a picture's own bytes as image/* or application/octet-stream"


async def read_form(request: Request, form: type[F], limits: LimitsSpec) -> tuple[F, bytes | None]:
    """The checked fields of a request, and its picture; None when it is to be fetched from `image_url`.

    Raises:
        ValidationError: wrong content type, form or field; the details name the field.
        MissingImage: neither picture nor address.
        ImageTooLarge: more bytes than `limits.body_bytes`; the rest is not read.
    """
    media_type = _media_type(request)
    if media_type == "application/json":
        fields, image = await _json(request, form, limits)
    elif media_type == "multipart/form-data":
        fields, image = await _multipart(request, form, limits)
    elif media_type.startswith("image/") or media_type == "application/octet-stream":
        fields, image = _checked(form, _flat(request.query_params)), await _body(request, limits.body_bytes)
    else:
        raise ValidationError.of_field("Content-Type", f"Content type expected: {EXPECTED}", media_type or "none")
    return fields, _one_picture(fields, image, limits)


async def read_json(request: Request, form: type[J]) -> J:
    """A JSON request without a picture, of at most FIELDS_BYTES; raises as `read_form`."""
    media_type = _media_type(request)
    if media_type != "application/json":
        raise ValidationError.of_field("Content-Type", "Content type expected: application/json", media_type or "none")
    try:
        return form.model_validate_json(await _body(request, FIELDS_BYTES, _wordy))
    except pydantic.ValidationError as wrong:
        raise _explained(wrong) from None


def terms(form: TermsForm) -> Terms:
    """The caller's terms, in seconds and dollars."""
    deadline_s = None if form.deadline_ms is None else form.deadline_ms / 1000
    return Terms(form.max_cost_usd, deadline_s, form.local_only, form.commercial_only)


async def _json(request: Request, form: type[F], limits: LimitsSpec) -> tuple[F, bytes | None]:
    body = await _body(request, limits.body_bytes * 4 // 3 + FIELDS_BYTES)
    return await asyncio.to_thread(_parsed, body, form)


def _parsed(body: bytes, form: type[F]) -> tuple[F, bytes | None]:
    try:
        fields = form.model_validate_json(body)
    except pydantic.ValidationError as wrong:
        raise _explained(wrong) from None
    text = fields.image
    return fields, None if text is None else _base64(text)


def _base64(text: str) -> bytes:
    """Bytes of base64, with or without a data URI before it; line breaks are allowed."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        compact = text if text.isascii() and not any(c in text for c in " \r\n\t") else "".join(text.split())
        return binascii.a2b_base64(compact, strict_mode=True)
    except (ValueError, binascii.Error) as broken:
        raise ValidationError.of_field("image", "Base64 expected", text[:32]) from broken


async def _multipart(request: Request, form: type[F], limits: LimitsSpec) -> tuple[F, bytes | None]:
    bounded = Request(request.scope, _counted(request, limits.body_bytes + FIELDS_BYTES))
    async with bounded.form(max_files=1, max_fields=32, max_part_size=FIELDS_BYTES) as parts:
        files = {name: part for name, part in parts.multi_items() if isinstance(part, UploadFile)}
        if misplaced := files.keys() - {"image"}:
            name = misplaced.pop()
            raise ValidationError.of_field(name, "The picture is expected in the part named `image`", name)
        fields = _checked(form, _flat(parts))
        if "image" in files:
            return fields, await files["image"].read()
    return fields, None if fields.image is None else await asyncio.to_thread(_base64, fields.image)


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


def _checked(form: type[F], values: dict[str, Any]) -> F:
    # A Literal of integers does not take text: digits are turned into numbers first.
    numbers = {name: int(v) for name, v in values.items() if name.endswith("_factor") and str(v).isdecimal()}
    try:
        return form.model_validate(values | numbers)
    except pydantic.ValidationError as wrong:
        raise _explained(wrong) from None


def _explained(wrong: pydantic.ValidationError) -> ValidationError:
    first = wrong.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "body"
    if first["type"] == "json_invalid":
        return ValidationError.of_field("body", "JSON expected: " + first["msg"].removeprefix("Invalid JSON: "))
    if first["type"] == "extra_forbidden":
        return ValidationError.of_field(field, f"{field} is not a field of this request")
    return ValidationError.of_field(field, f"{field}: {first['msg']}", first["input"])


def _one_picture(fields: PictureForm, image: bytes | None, limits: LimitsSpec) -> bytes | None:
    if image is None and fields.image_url is None:
        raise MissingImage("Either image or image_url is required", {"field": "image"})
    if image is not None and fields.image_url is not None:
        raise ValidationError.of_field("image_url", "Only one of image and image_url is expected")
    if image is not None and len(image) > limits.body_bytes:
        raise _too_large(limits.body_bytes)
    return image


def _media_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


async def _body(request: Request, limit_bytes: int, refusal: Refusal | None = None) -> bytes:
    refusal = refusal or _too_large
    _refuse_early(request, limit_bytes, refusal)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit_bytes:
            raise refusal(limit_bytes)
        chunks.append(chunk)
    return b"".join(chunks)


def _counted(request: Request, limit_bytes: int) -> Any:
    _refuse_early(request, limit_bytes, _too_large)
    size = 0

    async def receive() -> Any:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > limit_bytes:
            raise _too_large(limit_bytes)
        return message

    return receive


def _refuse_early(request: Request, limit_bytes: int, refusal: Refusal) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit_bytes:
        raise refusal(limit_bytes)


def _too_large(limit_bytes: int) -> ImageTooLarge:
    return ImageTooLarge.of_field("image", f"Image exceeds the limit of {limit_bytes // 1024 // 1024} MB")


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
