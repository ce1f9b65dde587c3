"""Reads the bytes of a body, and limits their number while they arrive."""

from collections.abc import AsyncIterator, Callable, Collection
from typing import Final, TypeAlias

from starlette.requests import Request

from cutout.errors import CutoutError, ImageTooLarge, UnsupportedMediaType, ValidationError, shown
from cutout.limits import LimitsSpec

Refusal: TypeAlias = Callable[[], CutoutError]
"""Makes the error for a larger body."""
FIELDS_BYTES: Final = 64 * 1024
"""Most bytes of a body beside its pictures."""


def media_type(request: Request) -> str:
    """The body's type in lower case, without its parameters; empty when none is named."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def most_bytes(limits: LimitsSpec, files: int = 1) -> int:
    """The largest body that may hold `files` pictures, or one in base64 with its line breaks, and fields beside it."""
    return max(limits.body_bytes * 3 // 2, limits.body_bytes * files) + FIELDS_BYTES


def too_large(limit_bytes: int, field: str = "image") -> ImageTooLarge:
    """The refusal of a picture of more bytes."""
    return ImageTooLarge.of_field(field, f"Image exceeds the limit of {limit_bytes // 1024 // 1024} MB")


def too_long(field: str, limit_bytes: int, pictures: Collection[str]) -> ValidationError:
    """The refusal of more bytes in a field, or in `body`, that are no picture's; it names the fields for pictures."""
    where = " or ".join(f"`{name}`" for name in sorted(pictures))
    but = f", except for a picture in {where}" if where else ""
    return ValidationError.of_field(field, f"{shown(field)}: at most {limit_bytes} bytes are expected{but}")


def check_bytes(picture: bytes, limits: LimitsSpec, field: str) -> None:
    """Refuse a picture's file of more than `limits.body_bytes`; raises ImageTooLarge, naming the field."""
    if len(picture) > limits.body_bytes:
        raise too_large(limits.body_bytes, field)


async def read_body(request: Request, limit_bytes: int, refusal: Refusal) -> bytes:
    """All of a body; raises as `chunks`."""
    return b"".join([chunk async for chunk in chunks(request, limit_bytes, refusal)])


async def chunks(request: Request, limit_bytes: int, refusal: Refusal) -> AsyncIterator[bytes]:
    """A body, chunk by chunk as it arrives.

    Raises:
        UnsupportedMediaType: the body is compressed, or has another content coding.
        CutoutError: the one that `refusal` makes, once the body exceeds `limit_bytes`; the rest is not read.
    """
    _refuse_coding(request)
    declared, size = request.headers.get("content-length", ""), 0
    if declared.isdecimal() and int(declared[:20]) > limit_bytes:
        raise refusal()
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit_bytes:
            raise refusal()
        yield chunk


def _refuse_coding(request: Request) -> None:
    # Never decompressed: pictures hardly shrink, and a small body could expand a thousandfold.
    coding = ", ".join(request.headers.getlist("content-encoding")).strip()
    if coding.lower() not in ("", "identity"):
        message = f"Content-Encoding: {coding[:64]!r} is not undone here; a body without it is expected"
        raise UnsupportedMediaType.of_field("Content-Encoding", message, coding)
