"""JPEG files of a picture in strips: libjpeg encodes each strip, and their scans are joined by restart markers.

After a restart marker, decoding does not depend on what came before. With a marker at the end of each row of blocks,
and strips of a multiple of eight such rows, the numbers of the markers continue from strip to strip. The pixels are the
same as when the picture is encoded whole: no block extends across strips.
"""

import io
import struct

from PIL import Image

from cutout.pixels.cores import THREADS
from cutout.pixels.density import whole
from cutout.pixels.plain import Dpi
from cutout.pixels.strips import Strips

ROWS_PX = 128
"""A strip has a multiple of so many rows: eight rows of blocks 16 pixels high."""
_LAST_RESTART, _END = b"\xff\xd7", b"\xff\xd9"
_FRAME, _SCAN = 0xC0, 0xDA


def saved(image: Image.Image, out: io.BytesIO, quality: int, dpi: Dpi | None, restart_rows: int = 0) -> None:
    """Write a grey or RGB picture; `dpi` in whole pixels an inch."""
    resolution = (dpi and whole(dpi)) or (0, 0)
    image.save(out, "JPEG", quality=quality, dpi=resolution, restart_marker_rows=restart_rows)


def encode(picture: Strips, quality: int, dpi: Dpi | None = None) -> bytes:
    """A JPEG file of (H, W, 3) pixels; strips are computed and encoded in parallel, one for each core.

    Raises:
        ValueError: the height of the strips is not a multiple of ROWS_PX.
    """
    if picture.rows % ROWS_PX and picture.count > 1:
        raise ValueError(f"strips of a multiple of {ROWS_PX} rows expected, not {picture.rows}")

    def written(number: int) -> bytes:
        out = io.BytesIO()
        saved(Image.fromarray(picture.strip(number)), out, quality, dpi, restart_rows=1)
        return out.getvalue()

    files = list(THREADS.map(written, range(picture.count)))
    head = bytearray(files[0][: _scan_at(files[0])])
    struct.pack_into(">H", head, _segment(files[0], _FRAME) + 5, picture.shape[0])
    out = io.BytesIO(head)
    out.seek(0, io.SEEK_END)
    for number, file in enumerate(files):
        out.write(_LAST_RESTART if number else b"")
        out.write(memoryview(file)[_scan_at(file) : -len(_END)])
    out.write(_END)
    return out.getvalue()


def _scan_at(file: bytes) -> int:
    """Offset of the compressed pixels."""
    at = _segment(file, _SCAN)
    return at + 2 + int.from_bytes(file[at + 2 : at + 4], "big")


def _segment(file: bytes, marker: int) -> int:
    """Offset of the first segment with a marker."""
    at = 2
    while file[at + 1] != marker:
        at += 2 + int.from_bytes(file[at + 2 : at + 4], "big")
    return at
