"""What was found in a picture file before its pixels are decoded."""

from dataclasses import dataclass, field
from typing import TypeAlias

from cutout.pixels.formats.colour_space import HighRange
from cutout.pixels.formats.exif import Exif
from cutout.pixels.types import Size

Colours: TypeAlias = bytes | HighRange | None
"""An ICC profile, or a high dynamic range; sRGB without either."""


class Damaged(ValueError):
    """The file breaks off, or makes no sense."""


class UnknownPixels(ValueError):
    """The file is whole, and its pixels are of a kind that is not read; its text says what is taken."""


class Costly(ValueError):
    """The file would take far more work than its picture is worth; its text says what is taken."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A file's picture, apart from what else the file holds."""

    kind: str
    """Pillow's name of the format."""
    data: bytes
    """A file of the same pixels, without metadata: what is advice must not keep anybody from the picture."""
    size: Size
    """As stored, before the picture is turned."""
    px_bytes: int
    """Memory for each pixel at the most while it is decoded, the three or four of the result among them."""
    exif: Exif = field(default_factory=Exif)
    """How the picture is to be turned, where browsers turn it, and its resolution."""
    colours: Colours = None
    """What the pixels' values mean."""
    colour_key: tuple[int, ...] | None = None
    """The grey or RGB value that is transparent, in the file's own depth."""
    depth: int = 8
    """Bits of a sample."""
    ended: bool = True
    """Whether the file has its end marker; one that has not may still have all of its pixels."""
