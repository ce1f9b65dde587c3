"""Orientation and resolution from EXIF data.

Everything else is ignored, and malformed tags are no error. As in browsers, a tag counts if it is in the first
directory with the type and count of the EXIF specification; of several, the first one.
"""

import struct
from dataclasses import dataclass

from cutout.pixels.plain import Dpi

_ORIENTATION, _X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT = 274, 282, 283, 296
_FIRST_TURNED, _LAST_ORIENTATION = 5, 8
_SHORT, _RATIONAL = 3, 5
_UNITS_PER_INCH = {2: 1.0, 3: 2.54}
"""ResolutionUnit: 2 is the inch, 3 the centimetre; 1 means an aspect ratio only."""
_LEAST_DPI, _MOST_DPI = 1.0, 65535.0
"""The range of JFIF; other values are taken for errors."""


@dataclass(frozen=True, slots=True)
class Exif:
    """The EXIF tags that are used."""

    orientation: int = 1
    """1 to 8 as EXIF counts them; 1 is upright."""
    dpi: Dpi | None = None
    """Pixels an inch, across and down, as stored (before the orientation is applied)."""

    @property
    def turned(self) -> bool:
        """Whether the orientation swaps width and height."""
        return self.orientation >= _FIRST_TURNED


def dpi_of(across: float, down: float) -> Dpi | None:
    """The resolution, if both values are plausible; else None."""
    return (across, down) if all(_LEAST_DPI <= value <= _MOST_DPI for value in (across, down)) else None


def read(tiff: bytes) -> Exif:
    """The tags of a TIFF structure; the defaults when it is malformed."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(tiff[:4])
    if order is None:
        return Exif()
    tags = _first_directory(tiff, order)
    orientation = tags.get(_ORIENTATION, 1)
    per_inch = _UNITS_PER_INCH.get(int(tags.get(_RESOLUTION_UNIT, 2)), 0.0)
    return Exif(
        int(orientation) if 1 <= orientation <= _LAST_ORIENTATION else 1,
        dpi_of(tags.get(_X_RESOLUTION, 0.0) * per_inch, tags.get(_Y_RESOLUTION, 0.0) * per_inch),
    )


def _first_directory(tiff: bytes, order: str) -> dict[int, float]:
    """The values of the used tags that lie completely within the data."""
    found: dict[int, float] = {}
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (entries,) = struct.unpack_from(order + "H", tiff, start)
        for at in range(start + 2, start + 2 + 12 * entries, 12):
            tag, kind, count, short, _ = struct.unpack_from(order + "HHIHH", tiff, at)
            if kind == _SHORT and count == 1 and tag in (_ORIENTATION, _RESOLUTION_UNIT):
                found.setdefault(tag, short)
            elif kind == _RATIONAL and count == 1 and tag in (_X_RESOLUTION, _Y_RESOLUTION):
                (value_at,) = struct.unpack_from(order + "I", tiff, at + 8)
                if value_at + 8 <= len(tiff):
                    numerator, denominator = struct.unpack_from(order + "II", tiff, value_at)
                    found.setdefault(tag, numerator / denominator if denominator else 0.0)
    except struct.error:  # the directory extends past the end: what was read so far counts
        pass
    return found
