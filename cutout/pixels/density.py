"""Resolution as picture files store it; printers use it, and no pixel depends on it."""

import struct

from PIL import Image

from cutout.pixels.plain import Dpi

PER_METRE = 1 / 0.0254
JPEG_MOST = 65535
"""JFIF stores pixels an inch in 16 bits."""
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, _INCH = 282, 283, 296, 2


def times(dpi: Dpi | None, factor: float) -> Dpi | None:
    """The resolution of a picture enlarged by `factor` on each side, so that its printed size stays the same."""
    return None if dpi is None else (dpi[0] * factor, dpi[1] * factor)


def physical(dpi: Dpi) -> bytes:
    """The data of a pHYs chunk of PNG: whole pixels a metre."""
    return struct.pack(">2IB", round(dpi[0] * PER_METRE), round(dpi[1] * PER_METRE), 1)


def exif_data(dpi: Dpi) -> bytes:
    """EXIF data with the resolution, for formats that have no field of their own, after the `Exif` marker."""
    tags = Image.Exif()
    tags[_X_RESOLUTION], tags[_Y_RESOLUTION], tags[_RESOLUTION_UNIT] = *dpi, _INCH
    return tags.tobytes()


def whole(dpi: Dpi) -> tuple[int, int] | None:
    """Whole pixels an inch, as JFIF stores them; None where they do not fit."""
    across, down = round(dpi[0]), round(dpi[1])
    return (across, down) if max(across, down) <= JPEG_MOST else None
