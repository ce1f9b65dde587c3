"""Lenient base64: WHATWG's forgiving-base64 decode, the URL-safe alphabet, and data URIs."""

import binascii
from typing import Final
from urllib.parse import unquote_to_bytes

from cutout.errors import ValidationError

WHITE: Final = b" \t\n\f\r"
_STANDARD: Final = bytes.maketrans(b"-_", b"+/")
SLICE_BYTES = 64 * 1024
"""Decoded at a time: each step allocates many small objects."""


def base64_bytes(text: str, field: str) -> bytes:
    """The bytes of a text in base64, or of a data URI.

    White space is skipped and padding is optional, as in the Infra standard's forgiving-base64 decode; `-` and `_`
    stand for `+` and `/`. A data URI is read as by the Fetch standard's data: URL processor: its scheme in any case,
    percent escapes decoded, and its bytes unchanged without `;base64`.

    Raises:
        ValidationError: neither; the details name `field`.
    """
    try:
        data = text.encode("ascii")
        return _data_uri(data) if data[:64].strip()[:5].lower() == b"data:" else _forgiving(data)
    except ValueError as broken:  # binascii.Error and UnicodeEncodeError are ValueErrors
        message = f"{field}: base64 expected, or a data URI"
        raise ValidationError.of_field(field, message, text[:32]) from broken


def percent_decoded(data: bytes) -> bytes:
    """`%41` -> `A`; what is not an escape is left unchanged."""
    if b"%" not in data:
        return data
    parts, at = [], 0
    while at < len(data):
        end = at + SLICE_BYTES
        cut = data.rfind(b"%", end - 2, end)  # an escape is not cut in two
        end = cut if cut > at else end
        parts.append(unquote_to_bytes(data[at:end]))
        at = end
    return b"".join(parts)


def _data_uri(data: bytes) -> bytes:
    kind, comma, body = data.partition(b",")
    if not comma:
        raise ValueError("a data URI has a comma")
    body = percent_decoded(body.partition(b"#")[0])
    is_base64 = kind.replace(b" ", b"").lower().endswith(b";base64")
    return _forgiving(body) if is_base64 else body


def _forgiving(data: bytes) -> bytes:
    compact = data.translate(_STANDARD, WHITE)
    if len(compact) % 4 == 0:
        compact = compact.removesuffix(b"=").removesuffix(b"=")
    if b"=" in compact:
        raise ValueError("padding where none belongs")
    return binascii.a2b_base64(compact + b"=" * (-len(compact) % 4), strict_mode=True)
