"""What is known of a picture file before its pixels are decoded."""

from dataclasses import dataclass, field
from typing import TypeAlias

from cutout.pixels.formats.colour_space import HighRange
from cutout.pixels.formats.exif import Exif
from cutout.pixels.plain import Size

Colours: TypeAlias = bytes | HighRange | None
"""An ICC profile, or high dynamic range; None: sRGB."""


class Damaged(ValueError):
    """The file is truncated or malformed."""


class UnknownPixels(ValueError):
    """The file is intact, but its pixels are of a kind that is not supported; the text says what is."""


class Costly(ValueError):
    """Decoding the file would take far more work than its size justifies; the text states the limit."""


@dataclass(frozen=True, slots=True)
class Contents:
    """A file's picture, without the file's other data."""

    kind: str
    """The format, by Pillow's name."""
    data: bytes
    """A file of the same pixels without metadata, so that broken metadata cannot make decoding fail."""
    size: Size
    """As stored, before the orientation is applied."""
    px_bytes: int
    """Most memory for each pixel while decoding, including the three or four bytes of the result."""
    exif: Exif = field(default_factory=Exif)
    """Orientation, where browsers apply it, and resolution."""
    colours: Colours = None
    """The colour space of the pixels."""
    colour_key: tuple[int, ...] | None = None
    """The grey or RGB value that counts as transparent, at the file's bit depth."""
    depth: int = 8
    """Bits per sample."""
    ended: bool = True
    """Whether the file has its end marker; a file without one may still have all of its pixels."""
