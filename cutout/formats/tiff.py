"""TIFF: its first page, by Pillow; orientation and resolution from its first directory, as EXIF's."""

import io

from PIL.TiffImagePlugin import TiffImageFile

from cutout.formats import exif, icc
from cutout.formats.contents import Contents
from cutout.outcome import Size


class FirstPage(TiffImageFile):
    """A page as it is stored: Pillow would turn it, and fail at tags of unusual types."""

    def _setup(self) -> None:
        super()._setup()
        self._size = self._tile_size

    def load_end(self) -> None:
        """Leave it as it is."""


def contents(data: bytes) -> Contents:
    """What a TIFF's first page holds; raises what Pillow does."""
    with FirstPage(io.BytesIO(data)) as page:
        return Contents("TIFF", data, Size(*page.size), exif.read(data), icc.usable(page.info.get("icc_profile", b"")))
