"""WebP chunks: size and colour space of the picture. The decoder itself ignores metadata.

The orientation in EXIF data is ignored, as in browsers.
"""

import struct
from collections.abc import Iterator

from PIL import Image, _webp

from cutout.pixels.formats import exif, icc
from cutout.pixels.formats.contents import Contents, Costly, Damaged
from cutout.pixels.formats.exif import Exif
from cutout.pixels.plain import Size

_MOST_CHUNKS = 100_000
_PX_BYTES = 12
"""libwebp keeps two frames, and returns a copy."""
_SIZES = {b"VP8X": 10, b"VP8L": 5, b"VP8 ": 10}
"""The chunks that begin with the picture's size, and how many of their bytes hold it."""


def contents(data: bytes) -> Contents:
    """The contents of a WebP file.

    Raises:
        Damaged: no size.
        Costly: too many chunks.
    """
    size, advice = None, dict[bytes, bytes]()
    for name, body in _chunks(data):
        if name in _SIZES and size is None and len(body) >= _SIZES[name]:
            size = _size(name, bytes(body[:10]))
        elif name in (b"ICCP", b"EXIF"):
            advice.setdefault(name, bytes(body))
    if size is None:
        raise Damaged("no size")
    dpi = exif.read(advice.get(b"EXIF", b"").removeprefix(b"Exif\0\0")).dpi
    return Contents("WEBP", data, size, _PX_BYTES, Exif(dpi=dpi), icc.usable(advice.get(b"ICCP", b"")))


def image(data: bytes) -> Image.Image:
    """The first frame of a WebP file, as stored; by libwebp directly, since Pillow would keep a copy.

    Raises:
        Damaged: there is no frame.
    """
    decoder = _webp.WebPAnimDecoder(data)
    size, *_, mode = decoder.get_info()
    frame = decoder.get_next()
    if frame is None:
        raise Damaged("no picture")
    return Image.frombuffer(mode, size, frame[0], "raw", mode, 0, 1)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    at, view = 12, memoryview(data)
    for _ in range(_MOST_CHUNKS):
        if at + 8 > len(data):
            return
        name, length = struct.unpack_from("<4sI", data, at)
        yield name, view[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    raise Costly(f"a WebP of at most {_MOST_CHUNKS} chunks is read")


def _size(name: bytes, body: bytes) -> Size:
    if name == b"VP8X":
        return Size(1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little"))
    if name == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return Size(1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF))
    width, height = struct.unpack("<HH", body[6:10])
    return Size(width & 0x3FFF, height & 0x3FFF)
