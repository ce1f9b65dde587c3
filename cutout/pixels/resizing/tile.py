"""A large picture in parts: what each part of the result is made of."""

from collections.abc import Iterator
from dataclasses import dataclass

from cykooz_resizer import CropBox

from cutout.pixels.types import Size

TILE_PX = 256
"""Side of a tile, in the larger of source and target: it fits a processor's second cache."""
REACH_PX = 3
"""The widest kernel in use, Lanczos3, reaches so many source pixels to each side, times the factor it shrinks by."""


@dataclass(frozen=True, slots=True)
class Tile:
    """A part of the target, and where it comes from."""

    target: tuple[slice, slice]
    """Rows and columns."""
    source: tuple[slice, slice]
    """Rows and columns, those around the tile included that the kernel reaches."""
    crop: CropBox
    """The tile's outline within `source`, in its pixels and fractions of them."""

    @property
    def size(self) -> Size:
        """Width and height in the target."""
        rows, columns = self.target
        return Size(columns.stop - columns.start, rows.stop - rows.start)


def tiles(source: Size, target: Size) -> Iterator[Tile]:
    """The tiles of a picture of size `target`, made by resizing one of size `source`."""
    for rows, source_rows, top, height in _spans(source.height, target.height):
        for columns, source_columns, left, width in _spans(source.width, target.width):
            yield Tile((rows, columns), (source_rows, source_columns), CropBox(left, top, width, height))


def _spans(source_px: int, target_px: int) -> Iterator[tuple[slice, slice, float, float]]:
    """Along one side: a tile's pixels in the target and in the source; in these, the crop's begin and length."""
    scale = source_px / target_px
    reach = REACH_PX * max(scale, 1.0) + 1
    step = max(32, int(TILE_PX / max(scale, 1.0)))
    for start in range(0, target_px, step):
        stop = min(start + step, target_px)
        begin, end = start * scale, min(stop * scale, source_px)
        first, last = max(0, int(begin - reach)), min(source_px, int(end + reach) + 1)
        yield slice(start, stop), slice(first, last), begin - first, end - begin
