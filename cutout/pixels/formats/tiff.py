"""TIFF: its first page, by Pillow; orientation and resolution from its first directory, as EXIF's."""

import io

from PIL.TiffImagePlugin import TiffImageFile

from cutout.pixels.formats import exif, icc
from cutout.pixels.formats.contents import Contents
from cutout.pixels.types import Size

_BITS_PER_SAMPLE = 258
_STORED_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
_RESULT_BYTES = 4


class FirstPage(TiffImageFile):
    """A page as it is stored: Pillow would turn it, and fail at tags of unusual types."""

    def _setup(self) -> None:
        super()._setup()
        self._size = self._tile_size

    def load_end(self) -> None:
        """Leave it as it is."""


def contents(data: bytes) -> Contents:
    """What a TIFF's first page holds; raises what Pillow does."""
    page = FirstPage(io.BytesIO(data))
    with page:
        colours = icc.usable(page.info.get("icc_profile", b""))
        return Contents("TIFF", data, Size(*page.size), _px_bytes(page), exif.read(data), colours)


def _px_bytes(page: FirstPage) -> int:
    """As Pillow stores them, and the result, or what a strip is read into, which may be the whole picture."""
    stored = _STORED_BYTES.get(page.mode, 4)
    return stored + max(_RESULT_BYTES, sum(page.tag_v2.get(_BITS_PER_SAMPLE, (1,))) // 8)
