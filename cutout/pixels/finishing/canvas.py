"""A part of a cutout on a canvas of a given size."""

from dataclasses import dataclass

import numpy as np

from cutout.pixels.crop import Margin
from cutout.pixels.plain import Box, Size
from cutout.pixels.resizing.resize import resize_rgba
from cutout.pixels.types import Rgba


@dataclass(frozen=True, slots=True)
class Placed:
    """A cutout, or a part of it, on its canvas."""

    pixels: Rgba
    """(h, w, 4) straight alpha."""
    part: Box
    """The part of the cutout, in its pixels."""
    at: Box
    """Where the part is on the canvas."""

    def on_canvas(self, box: Box) -> Box:
        """A box within the part, in pixels of the canvas, rounded outwards and limited to it."""
        scale_x, scale_y = self.at.width / self.part.width, self.at.height / self.part.height
        left = self.at.left + int((box.left - self.part.left) * scale_x)
        top = self.at.top + int((box.top - self.part.top) * scale_y)
        right = self.at.left - int(-(box.right - self.part.left) * scale_x // 1)
        bottom = self.at.top - int(-(box.bottom - self.part.top) * scale_y // 1)
        height, width = self.pixels.shape[:2]
        left, top = max(0, left), max(0, top)
        return Box(left, top, min(right, width) - left, min(bottom, height) - top)

    @property
    def frame(self) -> Box:
        """What the canvas shows, in pixels of the cutout, rounded; it may extend beyond the cutout."""
        scale_x, scale_y = self.part.width / self.at.width, self.part.height / self.at.height
        height, width = self.pixels.shape[:2]
        left, top = self.part.left - self.at.left * scale_x, self.part.top - self.at.top * scale_y
        return Box(round(left), round(top), round(width * scale_x), round(height * scale_y))


def placed(rgba: Rgba, part: Box, canvas: Size, margin: Margin) -> Placed:
    """The part of an (H, W, 4) cutout, scaled to fit the canvas less its margin, in the middle of what is left.

    The margin is in pixels or in percent of the canvas; at least one pixel is left.
    """
    left, right = (side.px(canvas.width) for side in (margin.left, margin.right))
    top, bottom = (side.px(canvas.height) for side in (margin.top, margin.bottom))
    free = Size(max(1, canvas.width - left - right), max(1, canvas.height - top - bottom))
    scale = min(free.width / part.width, free.height / part.height)
    size = Size(_side(part.width * scale, free.width), _side(part.height * scale, free.height))
    shown = rgba[part.top : part.bottom, part.left : part.right]
    if size != Size(part.width, part.height):
        shown = resize_rgba(np.ascontiguousarray(shown), size)
    # A margin that leaves less than the pixel may begin beyond the canvas.
    at_left = min(left + (free.width - size.width) // 2, canvas.width - size.width)
    at_top = min(top + (free.height - size.height) // 2, canvas.height - size.height)
    pixels = np.zeros((canvas.height, canvas.width, 4), np.uint8)
    pixels[at_top : at_top + size.height, at_left : at_left + size.width] = shown
    return Placed(pixels, part, Box(at_left, at_top, size.width, size.height))


def _side(px: float, most: int) -> int:
    return min(most, max(1, round(px)))
