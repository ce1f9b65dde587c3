"""JPEG segments: those needed for pixels are kept; EXIF, JFIF and ICC are read; the rest is dropped.

Scans are counted before any is decoded: each scan of a progressive JPEG covers the whole picture, however few bytes it
has.
"""

import io
import re
import struct
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from PIL.JpegImagePlugin import JpegImageFile

from cutout.pixels.formats import exif, icc
from cutout.pixels.formats.contents import Contents, Costly, Damaged
from cutout.pixels.formats.exif import Exif
from cutout.pixels.plain import Dpi, Size

_MOST_SEGMENTS = 10_000
_MOST_SCANS, _MOST_SCAN_PX = 100, 1_800_000_000
"""Encoders write up to 18 scans: that many are accepted at 100 megapixels, and more for smaller pictures."""
_NOTHING = Size(0, 0)
_START, _END = b"\xff\xd8", b"\xff\xd9"
_SOS, _EOI, _APP0, _APP1, _APP2 = 0xDA, 0xD9, 0xE0, 0xE1, 0xE2
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PROGRESSIVE = {0xC2, 0xC6, 0xCA, 0xCE}
_ALONE = {0x01, *range(0xD0, 0xD9)}
"""Markers without a length field."""
_LEFT_ASIDE = {*range(0xE0, 0xEE), 0xEF, 0xFE}
"""Application segments and comments, which are dropped; Adobe's 0xEE, which tells the colour model, is kept."""
_MARKER = re.compile(rb"\xff\xff*+[^\x00\xd0-\xd7\xff]")
"""The marker that ends a scan. It begins with a plain byte, so that it is searched for twenty times as fast."""
_LONGEST_SCAN_HEADER = 1 + 2 * 4 + 3
_AHEAD = 16
_LAST_COEFFICIENT = 63
_FRAME_BYTES, _JFIF_BYTES, _ICC_BYTES = 5, 12, 14
_DENSITIES = {1: 1.0, 2: 2.54}
"""JFIF's units: pixels an inch, and a centimetre."""


@dataclass(slots=True)
class _Found:
    """What was found so far."""

    kept: list[memoryview] = field(default_factory=list)
    size: Size = _NOTHING
    progressive: bool = False
    components: int = 0
    scans: int = 0
    finest: set[int] = field(default_factory=set)
    """Components of a progressive picture whose last refinement scan has begun."""
    exif: Exif | None = None
    dpi: Dpi | None = None
    profile: dict[int, bytes] = field(default_factory=dict)
    """The parts of an ICC profile by their numbers."""
    ended: bool = False


def contents(data: bytes) -> Contents:
    """The contents of a JPEG file.

    Raises:
        Damaged: no frame or no scan, or pixel data may be missing at the end.
        Costly: too many scans for a picture of this size, or too many segments.
    """
    found = _Found()
    for marker, whole in _segments(data):
        _take(found, marker, whole)
    if found.size == _NOTHING or not found.scans:
        raise Damaged("no frame, or no scan")
    if not found.ended and not (len(found.finest) == found.components if found.progressive else found.scans == 1):
        raise Damaged("the end is missing")
    advice = found.exif or Exif()
    return Contents(
        "JPEG",
        b"".join([_START, *found.kept, _END]),
        found.size,
        _px_bytes(found),
        replace(advice, dpi=found.dpi or advice.dpi),
        icc.usable(b"".join(found.profile[number] for number in sorted(found.profile))),
        ended=found.ended or found.progressive,
    )


def _px_bytes(found: _Found) -> int:
    """Pillow's own pixels, and the larger of the result and, with several scans, all coefficients."""
    coefficients = 2 * found.components if found.progressive or found.scans > 1 else 0
    return (1 if found.components == 1 else 4) + max(3, coefficients)


def is_whole(data: bytes) -> bool:
    """Whether a JPEG of one scan without an end marker has all of its pixels.

    The decoder reads some bytes ahead, and leaves pixels without data untouched. So if no pixel is missing, neither the
    bytes appended to the file nor the initial fill of the picture make a difference.
    """
    scan = data.removesuffix(_END)
    return _as_far_as_it_goes(scan + b"\0" * _AHEAD, 0) == _as_far_as_it_goes(scan + b"\xff\0" * _AHEAD, 255)


class _Unended(JpegImageFile):
    """A JPEG that is decoded as far as its data goes."""

    ground = 0

    def load_prepare(self) -> None:
        """Fill the picture with the ground colour before it is decoded."""
        super().load_prepare()
        ground = (self.ground,) * len(self.getbands())
        self.im.paste(ground if len(ground) > 1 else self.ground, (0, 0, *self.size))


def _as_far_as_it_goes(data: bytes, ground: int) -> bytes:
    image = _Unended(io.BytesIO(data))
    image.ground = ground
    with suppress(OSError):  # truncated, as expected
        image.load()
    return image.tobytes()


def _segments(data: bytes) -> Iterator[tuple[int, memoryview]]:
    """Marker and bytes of each segment; a scan includes its data."""
    at, view = len(_START), memoryview(data)
    for _ in range(_MOST_SEGMENTS):
        while data[at : at + 2] == b"\xff\xff":
            at += 1
        if at + 2 > len(data) or data[at] != 0xFF:
            return
        marker = data[at + 1]
        end = at + 2
        if marker not in _ALONE and marker != _EOI:
            end += int.from_bytes(data[at + 2 : at + 4], "big")
        if marker == _SOS:
            found = _MARKER.search(data, end)
            end = found.start() if found else len(data.rstrip(b"\xff"))
        yield marker, view[at:end]
        if marker == _EOI:
            return
        at = end
    raise Costly(f"a JPEG of at most {_MOST_SEGMENTS} segments is read")


def _take(found: _Found, marker: int, whole: memoryview) -> None:
    body = bytes(whole[4 : 4 + _LONGEST_SCAN_HEADER]) if marker == _SOS else bytes(whole[4:])
    if marker in _FRAMES and len(body) > _FRAME_BYTES:
        found.size = Size(*struct.unpack(">HH", body[1:5])[::-1])
        found.progressive, found.components = marker in _PROGRESSIVE, body[5]
    elif marker == _SOS:
        if not body or len(body) < 4 + 2 * body[0]:
            raise Damaged("a scan without a header")
        found.scans += 1
        found.finest |= _finest(body)
        _check_scans(found)
    elif marker == _EOI:
        found.ended = True
    elif found.scans == 0:
        _advise(found, marker, body)
    if marker not in _LEFT_ASIDE and marker != _EOI:
        found.kept.append(whole)


def _advise(found: _Found, marker: int, body: bytes) -> None:
    """Metadata before the first scan; the first EXIF counts."""
    if marker == _APP1 and body.startswith(b"Exif\0") and found.exif is None:
        found.exif = exif.read(body[6:])
    elif marker == _APP0 and body.startswith(b"JFIF\0") and len(body) >= _JFIF_BYTES:
        unit, across, down = struct.unpack(">BHH", body[7:12])
        found.dpi = exif.dpi_of(across * _DENSITIES.get(unit, 0.0), down * _DENSITIES.get(unit, 0.0))
    elif marker == _APP2 and body.startswith(b"ICC_PROFILE\0") and len(body) > _ICC_BYTES:
        found.profile.setdefault(body[12], body[_ICC_BYTES:])


def _finest(scan: bytes) -> set[int]:
    """The components for which a progressive scan is the last refinement, by its header."""
    components, (_, last, bits) = scan[1 : 1 + 2 * scan[0] : 2], scan[1 + 2 * scan[0] :][:3]
    return set(components) if last == _LAST_COEFFICIENT and not bits & 15 else set()


def _check_scans(found: _Found) -> None:
    most = min(_MOST_SCANS, max(1, _MOST_SCAN_PX // max(1, found.size.width * found.size.height)))
    if found.scans > most:
        raise Costly(f"a JPEG of this size has at most {most} scans")
