"""PNG chunks: those needed for pixels are kept; those that say how to show them are read; the rest is dropped.

As in browsers, a metadata chunk counts if it is complete, has a valid length and checksum, and comes before the pixels;
of several of a kind, the first one. An invalid one is ignored.
"""

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

from cutout.pixels.formats import colour_space, exif, icc
from cutout.pixels.formats.contents import Colours, Contents, Costly, Damaged
from cutout.pixels.plain import Size

SIGNATURE = b"\x89PNG\r\n\x1a\n"
_MOST_CHUNKS = 100_000
_LENGTHS = {
    b"cICP": range(4, 5), b"sRGB": range(1, 2), b"gAMA": range(4, 5), b"cHRM": range(32, 33), b"pHYs": range(9, 10),
    b"iCCP": range(3, icc.MOST_BYTES), b"eXIf": range(8, icc.MOST_BYTES), b"tRNS": range(1, 257),
}  # fmt: skip
"""Metadata chunks that are read, and their valid lengths."""
_GREY, _RGB, _PALETTE = 0, 2, 3
_RESULT_BYTES = 4
_METRES_PER_INCH = 0.0254
_LAST_INTENT = 3
_UNIT = 100_000
_NEAR = 0.05
"""A gAMA this near to 1/2.2, without cHRM, is what encoders write for sRGB; browsers treat it as sRGB."""
_END = b"\0\0\0\0IEND\xaeB`\x82"


def contents(data: bytes) -> Contents:
    """The contents of a PNG file.

    Raises:
        Damaged: no header, or no pixels.
        Costly: too many chunks.
    """
    header, palette, pixels = b"", b"", list[memoryview]()
    advice: dict[bytes, bytes] = {}
    for name, whole in _chunks(data):
        if name == b"IDAT":
            pixels.append(whole)
        elif name == b"IHDR":
            header = bytes(whole)
        elif name == b"PLTE":
            palette = bytes(whole)
            advice.pop(b"tRNS", None)  # it came before the palette it refers to
        elif name in _LENGTHS and not pixels and _is_whole(name, whole):
            advice.setdefault(name, bytes(whole[8:-4]))
    if len(header) != 25 or not pixels:
        raise Damaged("no header, or no pixels")
    width, height, depth, kind = struct.unpack(">IIBB", header[8:18])
    tables = _tables(palette, advice.get(b"tRNS", b"")) if kind == _PALETTE else []
    return Contents(
        "PNG",
        b"".join([SIGNATURE, header, *tables, *pixels, _END]),
        Size(width, height),
        _px_bytes(kind, depth),
        _exif(advice),
        _colours(advice),
        _colour_key(advice.get(b"tRNS", b""), kind, depth),
        depth,
    )


def _px_bytes(kind: int, depth: int) -> int:
    """Pillow's own pixels, and the result; 16-bit RGB may be decoded twice."""
    if kind in (_GREY, _PALETTE):
        return _RESULT_BYTES + (2 if depth == 16 else 1)
    return _RESULT_BYTES + (8 if (kind, depth) == (_RGB, 16) else 4)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Name and bytes of each chunk up to IEND; the last one may be truncated."""
    at, view = len(SIGNATURE), memoryview(data)
    for _ in range(_MOST_CHUNKS):
        if at + 8 > len(data):
            return
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"IEND":
            return
        yield name, view[at : at + 12 + length]
        at += 12 + length
    raise Costly(f"a PNG of at most {_MOST_CHUNKS} chunks is read")


def _is_whole(name: bytes, whole: memoryview) -> bool:
    (length,) = struct.unpack_from(">I", whole)
    return len(whole) == length + 12 and length in _LENGTHS[name] and _is_summed(whole)


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def _tables(palette: bytes, alpha: bytes) -> list[bytes]:
    """A palette padded to 256 entries, and its transparency if any.

    An index beyond the last colour gives the last colour, as in browsers.
    """
    colours = palette[8:-4]
    count = len(colours) // 3
    if not 1 <= count <= 256 or not _is_summed(palette):
        raise Damaged("a palette is expected")
    colours = _chunk(b"PLTE", colours[: 3 * count] + colours[3 * count - 3 : 3 * count] * (256 - count))
    if not alpha:
        return [colours]
    opacity = alpha[:count].ljust(count, b"\xff")
    return [colours, _chunk(b"tRNS", opacity + opacity[-1:] * (256 - count))]


def _is_summed(whole: bytes | memoryview) -> bool:
    return zlib.crc32(whole[4:-4]) == int.from_bytes(whole[-4:], "big")


def _exif(advice: Mapping[bytes, bytes]) -> exif.Exif:
    """Orientation from eXIf, which is a bare TIFF structure; resolution from pHYs, else from eXIf."""
    found = exif.read(advice.get(b"eXIf", b""))
    if b"pHYs" not in advice:
        return found
    across, down, unit = struct.unpack(">IIB", advice[b"pHYs"][:9])
    return replace(found, dpi=exif.dpi_of(across * _METRES_PER_INCH, down * _METRES_PER_INCH) if unit == 1 else None)


def _colours(advice: Mapping[bytes, bytes]) -> Colours:
    """The colour space, by the precedence of PNG's third edition: cICP, iCCP, sRGB, then gAMA with cHRM."""
    if b"cICP" in advice:
        primaries, transfer, matrix, full_range = advice[b"cICP"][:4]
        if (matrix, full_range) == (0, 1) and (named := colour_space.coded(primaries, transfer)):
            return named
    if profile := _embedded(advice.get(b"iCCP", b"")):
        return profile
    if advice.get(b"sRGB", b"\xff")[0] <= _LAST_INTENT:
        return None
    return _of_gamma(advice)


def _of_gamma(advice: Mapping[bytes, bytes]) -> bytes | None:
    """The colour space of gAMA, with cHRM if present; cHRM alone is ignored, and an invalid cHRM discards both."""
    gamma = int.from_bytes(advice.get(b"gAMA", b"")[:4], "big") / _UNIT
    if gamma <= 0:
        return None
    if b"cHRM" not in advice:
        near_srgb = abs(gamma * 2.2 - 1) < _NEAR
        return None if near_srgb else colour_space.profile(colour_space.SRGB, colour_space.power(1 / gamma))
    values = [value / _UNIT for value in struct.unpack(">8I", advice[b"cHRM"][:32])]
    white, red, green, blue = zip(values[::2], values[1::2], strict=True)
    try:
        return colour_space.profile((white, red, green, blue), colour_space.power(1 / gamma))
    except ValueError:
        return None


def _embedded(iccp: bytes) -> bytes | None:
    """The profile of an iCCP chunk, decompressed only up to the largest permitted size."""
    _, _, packed = iccp.partition(b"\0")
    try:
        return icc.usable(zlib.decompressobj().decompress(packed[1:], icc.MOST_BYTES + 1))
    except zlib.error:
        return None


def _colour_key(trns: bytes, kind: int, depth: int) -> tuple[int, ...] | None:
    samples = {_GREY: 1, _RGB: 3}.get(kind)
    if samples is None or len(trns) < 2 * samples:
        return None
    key = struct.unpack(f">{samples}H", trns[: 2 * samples])
    return tuple(value & 255 for value in key) if depth == 8 else key
