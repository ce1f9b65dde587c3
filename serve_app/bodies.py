"""What a body holds, bounded while it is read, and what is said of one that is not of the expected form."""

import binascii
from collections.abc import Callable
from typing import Any, TypeAlias

import pydantic
from starlette.requests import Request

from cutout.errors import CutoutError, ImageTooLarge, ValidationError

Refusal: TypeAlias = Callable[[int], CutoutError]
"""Limit in bytes -> what a larger body is answered with."""
FIELDS_BYTES = 64 * 1024
"""Room for everything in a body that is not a picture."""


def media_type(request: Request) -> str:
    """The body's type in lower case, without its parameters; empty when none is named."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def too_large(limit_bytes: int) -> ImageTooLarge:
    """The refusal of a picture of more bytes."""
    return ImageTooLarge.of_field("image", f"Image exceeds the limit of {limit_bytes // 1024 // 1024} MB")


async def read_body(request: Request, limit_bytes: int, refusal: Refusal = too_large) -> bytes:
    """All of a body; raises what `refusal` makes once it is larger than `limit_bytes`, and does not read on."""
    _refuse_early(request, limit_bytes, refusal)
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit_bytes:
            raise refusal(limit_bytes)
        chunks.append(chunk)
    return b"".join(chunks)


def bounded(request: Request, limit_bytes: int) -> Request:
    """The same request, which raises ImageTooLarge while more than `limit_bytes` of its body are read."""
    _refuse_early(request, limit_bytes, too_large)
    size = 0

    async def receive() -> Any:
        nonlocal size
        message = await request.receive()
        size += len(message.get("body", b""))
        if size > limit_bytes:
            raise too_large(limit_bytes)
        return message

    return Request(request.scope, receive)


def base64_bytes(text: str, field: str) -> bytes:
    """Bytes of base64, with or without a data URI before it; line breaks are allowed."""
    if text.startswith("data:"):
        text = text.partition(",")[2]
    try:
        compact = text if text.isascii() and not any(c in text for c in " \r\n\t") else "".join(text.split())
        return binascii.a2b_base64(compact, strict_mode=True)
    except (ValueError, binascii.Error) as broken:
        raise ValidationError.of_field(field, "Base64 expected", text[:32]) from broken


def explained(wrong: pydantic.ValidationError) -> ValidationError:
    """The first fault of a form, by its field."""
    first = wrong.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "body"
    if first["type"] == "json_invalid":
        return ValidationError.of_field("body", "JSON expected: " + first["msg"].removeprefix("Invalid JSON: "))
    if first["type"] == "extra_forbidden":
        return ValidationError.of_field(field, f"{field} is not a field of this request")
    return ValidationError.of_field(field, f"{field}: {first['msg'].removeprefix('Value error, ')}", first["input"])


def _refuse_early(request: Request, limit_bytes: int, refusal: Refusal) -> None:
    declared = request.headers.get("content-length", "")
    if declared.isdecimal() and int(declared) > limit_bytes:
        raise refusal(limit_bytes)
