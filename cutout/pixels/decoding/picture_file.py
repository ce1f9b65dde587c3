"""A picture file: recognised, its header checked against the limits, then decoded.

docs/pictures.md states the rules of decoding, formats/ has a module for each format, and tests/pictures/ holds the
expected results.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cutout.errors import InvalidFormat, ResolutionTooHigh
from cutout.pixels.decoding.permitted import Permitted, is_small
from cutout.pixels.formats import heif, jpeg, png, tiff, webp
from cutout.pixels.formats.contents import Contents, Costly, UnknownPixels
from cutout.pixels.formats.kind import SUPPORTED, sniff
from cutout.pixels.formats.pixels import Transparency, paint
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Size

_CONTENTS: dict[str, Callable[[bytes], Contents]] = {
    "image/png": png.contents, "image/jpeg": jpeg.contents, "image/webp": webp.contents,
    "image/avif": heif.avif_contents, "image/heic": heif.heic_contents, "image/tiff": tiff.contents,
}  # fmt: skip
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error, RuntimeError)
"""What the decoders raise for damaged files."""


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture file whose header was read and is within the limits; its pixels are not decoded yet."""

    contents: Contents
    field: str
    """The request's field that the file came in; errors name it."""

    @property
    def size(self) -> Size:
        """Width and height in pixels, upright."""
        stored = self.contents.size
        return Size(stored.height, stored.width) if self.contents.exif.turned else stored

    def decode(self) -> Picture:
        """The decoded picture.

        Raises:
            InvalidFormat: the file is truncated or damaged, or has pixels of a kind that is not read.
        """
        width, height = self.size.width, self.size.height
        rgb, alpha = np.empty((height, width, 3), np.uint8), np.empty((height, width), np.uint8)
        try:
            transparency = paint(self.contents, rgb, alpha)
        except UnknownPixels as unknown:
            raise InvalidFormat.of_field(self.field, f"{unknown}") from unknown
        except _BROKEN as broken:
            raise InvalidFormat.of_field(self.field, f"Image is damaged or incomplete. {SUPPORTED}") from broken
        dpi = self.contents.exif.dpi
        upright_dpi = (dpi[1], dpi[0]) if dpi and self.contents.exif.turned else dpi
        used = transparency is Transparency.USED
        return Picture(rgb, alpha if used else None, upright_dpi, idle_alpha=transparency is Transparency.IDLE)


def opened(data: bytes, limits: Permitted, field: str = "image") -> PictureFile:
    """A picture file, recognised by its content and checked by its header.

    Raises:
        InvalidFormat: not a supported format or kind of pixels, or a damaged header.
        ResolutionTooHigh: the picture is larger than `limits` allow.
    """
    if not data:
        raise InvalidFormat.of_field(field, f"Image is empty. {SUPPORTED}")
    kind = sniff(data)
    if kind not in _CONTENTS:
        raise InvalidFormat.of_field(field, f"Invalid image format. {SUPPORTED}", kind)
    try:
        file = PictureFile(_CONTENTS[kind](data), field)
    except Costly as costly:
        raise InvalidFormat.of_field(field, f"Image is too costly to read: {costly}", kind) from costly
    except UnknownPixels as unknown:
        raise InvalidFormat.of_field(field, f"{unknown}", kind) from unknown
    except _BROKEN as broken:
        raise InvalidFormat.of_field(field, f"Image is damaged or incomplete. {SUPPORTED}", kind) from broken
    _check_size(file, len(data), limits)
    return file


def decode(data: bytes, limits: Permitted, field: str = "image") -> Picture:
    """The picture of a file; raises as `opened` and `PictureFile.decode` do."""
    return opened(data, limits, field).decode()


def _check_size(file: PictureFile, file_bytes: int, limits: Permitted) -> None:
    width, height = file.size.width, file.size.height
    count, shown = width * height, f"{width}x{height}"
    if count > limits.input_px:
        message = f"Image has {count} pixels; at most {limits.input_px} are accepted"
    elif max(width, height) > limits.input_side_px:
        message = f"Image is {width} pixels wide and {height} high; at most {limits.input_side_px} a side are accepted"
    elif max(width, height) > limits.input_aspect * min(width, height):
        message = f"Image is {shown}; a side of at most {limits.input_aspect} times the other is accepted"
    elif is_small(file_bytes) and count * file.contents.px_bytes > limits.memory_of_64k:
        most = limits.memory_of_64k // file.contents.px_bytes
        few = f"at most {most} are accepted of such a {file.contents.kind} in 64 KiB or less (limits.memory_of_64k)"
        message = f"Image has {count} pixels in {file_bytes} bytes; {few}. A larger file may have {limits.input_px}"
    else:
        return
    raise ResolutionTooHigh.of_field(file.field, message, shown)
