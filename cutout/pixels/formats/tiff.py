"""TIFF: the first page, by Pillow; orientation and resolution from the first directory, as in EXIF."""

import io

from PIL.TiffImagePlugin import TiffImageFile

from cutout.pixels.formats import exif, icc
from cutout.pixels.formats.contents import Contents, UnknownPixels
from cutout.pixels.plain import Size

_BITS_PER_SAMPLE, _COMPRESSION, _PHOTOMETRIC = 258, 259, 262
_UNCOMPRESSED, _YCBCR = 1, 6
_STORED_BYTES = {"1": 1, "L": 1, "P": 1, "I;16": 2, "I;16B": 2, "I;16L": 2, "I;16N": 2}
_RESULT_BYTES = 4


class FirstPage(TiffImageFile):
    """A page as stored: Pillow itself would apply the orientation, and fail at tags of unusual types."""

    def _setup(self) -> None:
        super()._setup()
        self._size = self._tile_size

    def load_end(self) -> None:
        """Do not apply the orientation."""


def contents(data: bytes) -> Contents:
    """The contents of a TIFF's first page.

    Raises:
        UnknownPixels: uncompressed YCbCr, which Pillow would read as RGB.
        OSError, ValueError, SyntaxError: as Pillow does.
    """
    page = FirstPage(io.BytesIO(data))
    with page:
        if (page.tag_v2.get(_PHOTOMETRIC), page.tag_v2.get(_COMPRESSION)) == (_YCBCR, _UNCOMPRESSED):
            raise UnknownPixels("Uncompressed YCbCr is not read: RGB, or YCbCr that is compressed, expected")
        colours = icc.usable(page.info.get("icc_profile", b""))
        return Contents("TIFF", data, Size(*page.size), _px_bytes(page), exif.read(data), colours)


def _px_bytes(page: FirstPage) -> int:
    """Pillow's own pixels, and the larger of the result and a decoded strip, which may be the whole picture."""
    stored = _STORED_BYTES.get(page.mode, 4)
    return stored + max(_RESULT_BYTES, sum(page.tag_v2.get(_BITS_PER_SAMPLE, (1,))) // 8)
