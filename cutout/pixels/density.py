"""Resolution as picture files say it: what a print shop needs, and no pixel depends on."""

import struct

from PIL import Image

from cutout.pixels.types import Dpi

PER_METRE = 1 / 0.0254
JPEG_MOST = 65535
"""JFIF counts pixels an inch in 16 bits."""
_X_RESOLUTION, _Y_RESOLUTION, _RESOLUTION_UNIT, _INCH = 282, 283, 296, 2


def times(dpi: Dpi | None, factor: float) -> Dpi | None:
    """Of a picture with so many times more pixels on each side: it is printed as large as before."""
    return None if dpi is None else (dpi[0] * factor, dpi[1] * factor)


def physical(dpi: Dpi) -> bytes:
    """The data of PNG's pHYs chunk: whole pixels a metre."""
    return struct.pack(">2IB", round(dpi[0] * PER_METRE), round(dpi[1] * PER_METRE), 1)


def exif_data(dpi: Dpi) -> bytes:
    """The EXIF data, with its leading word, of a format that has no field of its own."""
    tags = Image.Exif()
    tags[_X_RESOLUTION], tags[_Y_RESOLUTION], tags[_RESOLUTION_UNIT] = *dpi, _INCH
    return tags.tobytes()


def whole(dpi: Dpi) -> tuple[int, int] | None:
    """As JFIF counts it; None where it cannot."""
    across, down = round(dpi[0]), round(dpi[1])
    return (across, down) if max(across, down) <= JPEG_MOST else None
