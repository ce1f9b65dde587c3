"""A JSON body that may contain pictures: their long strings are cut out first, so that the rest to parse is short."""

import json
import re
import secrets
from collections.abc import Collection
from typing import Any, Final

from cutout.errors import ValidationError
from serve_app.requests.bodies.reading import FIELDS_BYTES, too_long

BOM: Final = b"\xef\xbb\xbf"
LONG_BYTES: Final = 4096
"""Longer strings are allowed for pictures only."""
SLICE_BYTES = 1024 * 1024
"""Scanned at a time, so that other threads get to run."""
SURE_DIGITS = 18
"""A whole number of more digits is read as a float, as JavaScript does."""
_RUN: Final = re.compile(rb'[^"\\]*+(?:\\.[^"\\]*+)*+', re.DOTALL)
_QUOTE: Final = ord('"')


def json_pairs(body: bytes, pictures: Collection[str], fields_bytes: int = FIELDS_BYTES) -> list[tuple[str, Any]]:
    """The fields of a JSON object; only those named in `pictures` may be strings of more than LONG_BYTES.

    Numbers beyond a float's range, and NaN, which JSON does not have, are returned as floats that are not finite.

    Raises:
        ValidationError: not a JSON object, a field twice, a long text elsewhere, or more than `fields_bytes` beside
            the pictures; the details name the field, or `body`.
    """
    mark = secrets.token_hex(8)  # random, so that no request can contain it
    rest, texts = _without_long(body.removeprefix(BOM), mark, pictures, fields_bytes)
    values = _parsed(rest)
    for name, value in values.items():
        if isinstance(value, str) and value in texts:
            if name not in pictures:
                raise too_long(name, LONG_BYTES, pictures)
            values[name] = _unescaped(texts.pop(value))
    if texts:
        raise ValidationError.of_field("body", f"Texts of more than {LONG_BYTES} bytes are expected of pictures only")
    return list(values.items())


def _without_long(
    body: bytes, mark: str, pictures: Collection[str], fields_bytes: int
) -> tuple[bytes, dict[str, bytes]]:
    """The body with its long strings, as many as may be pictures, each replaced by a name; and the strings by name."""
    rest, texts, at, left = [], dict[str, bytes](), 0, fields_bytes
    while (start := body.find(b'"', at, at + left + 1)) >= 0:
        end = _end(body, start + 1)
        long = end - start > LONG_BYTES and len(texts) < len(pictures)
        if long:
            name = f"{mark}{len(texts)}"
            texts[name] = body[start + 1 : end]
            rest.append(body[at:start] + b'"' + name.encode() + b'"')
        else:
            rest.append(body[at : end + 1])
        left -= (start if long else end + 1) - at
        if left < 0:
            raise too_long("body", fields_bytes, pictures)
        at = end + 1
    if len(body) - at > left:
        raise too_long("body", fields_bytes, pictures)
    return b"".join([*rest, body[at:]]), texts


def _end(body: bytes, at: int) -> int:
    """Index of the quote that ends the string which begins at `at`."""
    while at < len(body):
        found = _RUN.match(body, at, at + SLICE_BYTES)
        stop = found.end() if found else at
        if stop < len(body) and body[stop] == _QUOTE:
            return stop
        if stop == at:
            break
        at = stop
    raise _broken("a text does not end")


def _parsed(rest: bytes) -> dict[str, Any]:
    try:
        values = json.loads(rest.decode(), object_pairs_hook=_object, parse_int=_whole)
    except RecursionError as deep:
        raise _broken("it is nested too deeply") from deep
    except ValueError as wrong:
        raise _broken(str(wrong)) from wrong
    if not isinstance(values, dict):
        raise ValidationError.of_field("body", "A JSON object expected")
    return values


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, value in pairs:
        if name in values:
            raise ValidationError.of_field(name, "A field is given more than once", name)
        values[name] = value
    return values


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= SURE_DIGITS else float(digits)


def _unescaped(text: bytes) -> str:
    try:
        found: str = json.loads(b'"' + text + b'"') if b"\\" in text else text.decode()
    except ValueError as wrong:
        raise _broken(str(wrong)) from wrong
    return found


def _broken(why: str) -> ValidationError:
    return ValidationError.of_field("body", f"JSON expected: {why}")
