"""Picture files made byte by byte, so that every field of them can be odd."""

import io
import struct
import zlib
from collections.abc import Sequence

from PIL import Image

SIGNATURE = b"\x89PNG\r\n\x1a\n"
END = b"\0\0\0\0IEND\xaeB`\x82"
RGB_ROW = bytes(
    [200, 30, 40, 10, 128, 250, 128, 128, 128, 60, 200, 90, 255, 255, 255, 0, 0, 0, 20, 20, 20, 240, 10, 240]
)
"""Eight pixels: colours of all kinds, and greys."""
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}


def chunk(name: bytes, body: bytes, *, sound: bool = True) -> bytes:
    """A chunk of a PNG; one that is not sound has a wrong checksum."""
    checksum = zlib.crc32(name + body) ^ (not sound)
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", checksum)


def packed(rows: Sequence[bytes]) -> bytes:
    """Rows of samples as a PNG's pixel data, unfiltered."""
    return zlib.compress(b"".join(b"\0" + row for row in rows))


def png(
    rows: Sequence[bytes], width: int, depth: int = 8, kind: int = 2, *, before: bytes = b"", after: bytes = b""
) -> bytes:
    """A PNG of packed samples, with chunks before and after its pixels."""
    header = chunk(b"IHDR", struct.pack(">2I5B", width, len(rows), depth, kind, 0, 0, 0))
    return SIGNATURE + header + before + chunk(b"IDAT", packed(rows)) + after + END


def rgb_png(before: bytes = b"", after: bytes = b"") -> bytes:
    """RGB_ROW twice, with chunks before and after its pixels."""
    return png([RGB_ROW] * 2, 8, before=before, after=after)


def samples(values: Sequence[int], depth: int) -> bytes:
    """A row of samples of 1, 2, 4, 8 or 16 bits."""
    bits = "".join(format(value, f"0{depth}b") for value in values)
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))


def directory(*entries: tuple[int, int, int, bytes], order: str = "<") -> bytes:
    """A TIFF structure of one directory: tag, type, count, value."""
    blob, at = b"", 8 + 2 + 12 * len(entries) + 4
    body = struct.pack(order + "H", len(entries))
    for tag, kind, count, value in entries:
        body += struct.pack(order + "HHI", tag, kind, count)
        body += value.ljust(4, b"\0") if len(value) <= 4 else struct.pack(order + "I", at + len(blob))
        blob += value if len(value) > 4 else b""
    head = b"II*\0\x08\0\0\0" if order == "<" else b"MM\0*\0\0\0\x08"
    return head + body + b"\0\0\0\0" + blob


def turned(orientation: int, order: str = "<") -> bytes:
    """EXIF that says how a picture is held."""
    return directory((274, 3, 1, struct.pack(order + "H", orientation)), order=order)


def segment(marker: int, body: bytes) -> bytes:
    """A segment of a JPEG."""
    return bytes([0xFF, marker]) + struct.pack(">H", len(body) + 2) + body


def saved(image: Image.Image, form: str, **options: object) -> bytes:
    """A file as Pillow writes it."""
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()
