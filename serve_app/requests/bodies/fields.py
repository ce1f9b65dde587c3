"""The fields of a request by name, from its query and its body: each is used or refused, and none is ignored.

Empty strings and JSON's null count as absent: no-code tools send them for fields that were left blank.
"""

import asyncio
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import pydantic
from starlette.requests import Request

from cutout.errors import CutoutError, ValidationError, shown
from cutout.limits import LimitsSpec
from serve_app.requests.bodies.base64_text import percent_decoded
from serve_app.requests.bodies.json_body import json_pairs
from serve_app.requests.bodies.multipart import MOST_PARTS, no_file_here, read_parts
from serve_app.requests.bodies.reading import FIELDS_BYTES, media_type, most_bytes, read_body, too_large, too_long

F = TypeVar("F", bound=pydantic.BaseModel)
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"
LISTS: Final = ("include_models", "bg_models", "models", "job_ids")
"""Outside JSON these are repeated, or separated by commas."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The content types and files that an endpoint takes."""

    kinds: tuple[str, ...]
    """Content types."""
    files: tuple[str, ...] = ()
    """Fields that may be files."""
    texts: tuple[str, ...] = ()
    """Fields that may be a picture in base64; other fields in `files` must be files."""


async def read_fields(request: Request, limits: LimitsSpec, wanted: Wanted) -> dict[str, Any]:
    """The fields of a request's query and body: strings and files, and from JSON any type.

    Raises:
        ValidationError: another content type, a malformed body, a field given twice, a file where text is expected or
            text where a file is; the details name the field.
        UnsupportedMediaType: a body that is compressed.
        ImageTooLarge: a picture of more than `limits.body_bytes`; the rest is not read.
    """
    kind = media_type(request)
    if kind not in wanted.kinds:
        raise ValidationError.of_field(
            "Content-Type", f"Content type expected: {', '.join(wanted.kinds)}", kind or "none"
        )
    if kind == MULTIPART:
        parts = await read_parts(request, limits, wanted.files, wanted.texts)
        body = merged(listed((part.name, part.value) for part in parts))
    else:
        data = await read_body(request, _most_bytes(limits, wanted), lambda: _too_much(limits, wanted))
        pairs = await asyncio.to_thread(json_pairs if kind == JSON else _form_pairs, data, wanted.texts)
        body = merged(pairs if kind == JSON else listed(pairs))
    return with_query(request, body, wanted)


def with_query(request: Request, body: dict[str, Any], wanted: Wanted) -> dict[str, Any]:
    """The fields of a body and those of the query; raises ValidationError as `read_fields`."""
    query = query_fields(request)
    for name in query.keys() & body.keys():
        raise ValidationError.of_field(name, f"{name}: given more than once, in the query and in the body", name)
    values = query | body
    for name, value in values.items():
        if isinstance(value, bytes) and name not in wanted.files:
            raise no_file_here(name, wanted.files)
        if not isinstance(value, bytes) and name in wanted.files and name not in wanted.texts:
            raise ValidationError.of_field(name, f"{name}: a file in a part of multipart/form-data expected")
    return values


def query_fields(request: Request) -> dict[str, Any]:
    """The fields of the query; raises ValidationError for one that is given twice."""
    return merged(listed(request.query_params.multi_items()))


def listed(pairs: Iterable[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Names and values; each of LISTS once, with all its values as a list."""
    found: list[tuple[str, Any]] = []
    lists: dict[str, list[str]] = {}
    for name, value in pairs:
        if name in LISTS and isinstance(value, str):
            lists.setdefault(name, []).extend(part.strip() for part in value.split(",") if part.strip())
        else:
            found.append((name, value))
    return found + [(name, values) for name, values in lists.items() if values]


def merged(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Fields by name, without those that are empty.

    Raises:
        ValidationError: a field is given twice.
    """
    values: dict[str, Any] = {}
    for name, value in pairs:
        if value is None or value == "":
            continue
        if name in values:
            raise ValidationError.of_field(name, f"{name}: given more than once", name)
        values[name] = value
    return values


def checked(form: type[F], values: dict[str, Any]) -> F:
    """The form of these fields; raises ValidationError for the first that is wrong, by its name."""
    try:
        return form.model_validate(values)
    except pydantic.ValidationError as wrong:
        raise explained(wrong) from None


def explained(wrong: pydantic.ValidationError) -> ValidationError:
    """The first error of a form, which names its field."""
    first = wrong.errors(include_url=False)[0]
    field = str(first["loc"][0]) if first["loc"] else "body"
    if first["type"] == "extra_forbidden":
        return ValidationError.of_field(field, f"{shown(field)} is not a field of this request")
    received = None if first["type"] == "missing" else first["input"]
    return ValidationError.of_field(field, f"{field}: {first['msg'].removeprefix('Value error, ')}", received)


def _form_pairs(body: bytes, pictures: Collection[str]) -> list[tuple[str, Any]]:
    if body.count(b"&") >= MOST_PARTS:
        raise ValidationError.of_field("body", f"At most {MOST_PARTS} form fields expected")
    pairs, spent = [], 0
    for piece in filter(None, body.split(b"&")):
        name, _, value = piece.partition(b"=")
        spent += len(name) if name.decode("latin-1") in pictures else len(piece)
        if spent > FIELDS_BYTES:
            raise too_long("body", FIELDS_BYTES, pictures)
        pairs.append((_form_text(name), _form_text(value)))
    return pairs


def _form_text(data: bytes) -> str:
    try:
        return percent_decoded(data.replace(b"+", b" ")).decode()
    except UnicodeDecodeError as wrong:
        raise ValidationError.of_field("body", "Form fields in UTF-8 expected") from wrong


def _most_bytes(limits: LimitsSpec, wanted: Wanted) -> int:
    return most_bytes(limits) if wanted.texts else FIELDS_BYTES


def _too_much(limits: LimitsSpec, wanted: Wanted) -> CutoutError:
    if wanted.texts:
        return too_large(limits.body_bytes, wanted.texts[0])
    return ValidationError.of_field("body", f"A body of at most {FIELDS_BYTES} bytes is expected")
