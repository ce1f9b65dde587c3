"""Request -> the fields of a foreign form: texts, and files by their parts' names; bounded while they are read."""

import asyncio
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import UploadFile
from starlette.requests import Request

from cutout.errors import ValidationError
from cutout.spec import LimitsSpec
from serve_app.bodies import FIELDS_BYTES, bounded, media_type, read_body, too_large

FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
JSON = "application/json"
MOST_FIELDS = 64


@dataclass(frozen=True, slots=True)
class Fields:
    """What a request brought, by name. Empty texts and JSON's null say no more than a field that is not there."""

    texts: Mapping[str, Any]
    """Texts; from JSON also numbers and booleans."""
    files: Mapping[str, bytes]


async def read_fields(request: Request, limits: LimitsSpec, kinds: Collection[str], files: Collection[str]) -> Fields:
    """The fields of a body of one of the content types `kinds`; only parts of the names `files` may be files.

    Raises:
        ValidationError: another content type, a body that is not of its type, a field twice, a file where text belongs
            or text where a file does; the details name the field.
        ImageTooLarge: more bytes than a picture in base64, and another as a file, may have; the rest is not read.
    """
    kind = media_type(request)
    if kind not in kinds:
        raise ValidationError.of_field("Content-Type", f"Content type expected: {', '.join(kinds)}", kind or "none")
    if kind == MULTIPART:
        fields = await _multipart(request, limits, files)
    else:
        body = await read_body(request, limits.body_bytes * 4 // 3 + FIELDS_BYTES)
        parse = _json if kind == JSON else _form
        fields = Fields(await asyncio.to_thread(parse, body), {})
    if misplaced := sorted(fields.texts.keys() & set(files)):
        message = f"{misplaced[0]}: a file in a part of multipart/form-data expected"
        raise ValidationError.of_field(misplaced[0], message)
    return fields


def merged(pairs: Collection[tuple[str, Any]]) -> dict[str, Any]:
    """Names and values, those left out that say nothing.

    Raises:
        ValidationError: a name comes twice.
    """
    values: dict[str, Any] = {}
    for name, value in pairs:
        if value is None or value == "":
            continue
        if name in values:
            raise ValidationError.of_field(name, f"{name}: given more than once")
        values[name] = value
    return values


async def _multipart(request: Request, limits: LimitsSpec, files: Collection[str]) -> Fields:
    most_bytes = len(files) * limits.body_bytes + FIELDS_BYTES
    part_bytes = limits.body_bytes * 4 // 3
    request = bounded(request, most_bytes)
    async with request.form(max_files=len(files), max_fields=MOST_FIELDS, max_part_size=part_bytes) as parts:
        pairs = parts.multi_items()
        # A browser sends a file's part without a name and without bytes when none was chosen.
        found = merged([(name, p) for name, p in pairs if isinstance(p, UploadFile) and (p.filename or p.size)])
        if misplaced := sorted(found.keys() - set(files)):
            raise ValidationError.of_field(misplaced[0], f"{misplaced[0]}: no file expected", misplaced[0])
        if any((part.size or 0) > limits.body_bytes for part in found.values()):
            raise too_large(limits.body_bytes)
        texts = merged([(name, part) for name, part in pairs if isinstance(part, str)])
        return Fields(texts, {name: await part.read() for name, part in found.items()})


def _form(body: bytes) -> dict[str, Any]:
    try:
        return merged(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as wrong:
        raise ValidationError.of_field("body", f"At most {MOST_FIELDS} form fields in UTF-8 expected") from wrong


def _json(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except ValueError as wrong:
        raise ValidationError.of_field("body", "JSON expected") from wrong
    if not isinstance(values, dict):
        raise ValidationError.of_field("body", "A JSON object expected")
    return merged(list(values.items()))
