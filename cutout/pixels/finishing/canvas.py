"""A part of a cutout on a canvas of a given size."""

from dataclasses import dataclass

import numpy as np

from cutout.pixels.crop import Margin, middle, room, scale
from cutout.pixels.plain import Box, Fit, Size
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

    def on_canvas(self, box: Box) -> Box | None:
        """A box of the cutout, in pixels of the canvas, rounded outwards and limited to the part; None outside it."""
        scale_x, scale_y = self.at.width / self.part.width, self.at.height / self.part.height
        left = self.at.left + int((box.left - self.part.left) * scale_x)
        top = self.at.top + int((box.top - self.part.top) * scale_y)
        right = self.at.left - int(-(box.right - self.part.left) * scale_x // 1)
        bottom = self.at.top - int(-(box.bottom - self.part.top) * scale_y // 1)
        left, top = max(self.at.left, left), max(self.at.top, top)
        right, bottom = min(right, self.at.right), min(bottom, self.at.bottom)
        return Box(left, top, right - left, bottom - top) if left < right and top < bottom else None

    @property
    def frame(self) -> Box:
        """What the canvas shows, in pixels of the cutout, rounded; it may extend beyond the cutout."""
        scale_x, scale_y = self.part.width / self.at.width, self.part.height / self.at.height
        height, width = self.pixels.shape[:2]
        left, top = self.part.left - self.at.left * scale_x, self.part.top - self.at.top * scale_y
        return Box(round(left), round(top), round(width * scale_x), round(height * scale_y))


def placed(rgba: Rgba, part: Box, canvas: Size, margin: Margin, fit: Fit = "fit") -> Placed:
    """The part of an (H, W, 4) cutout, scaled to fit the canvas less its margin, in the middle of what is left.

    To `fill` it, the middle of the part covers what is left.
    """
    free = room(canvas, margin)
    if fit == "fill":
        part = middle(part, free.size)
    size = free.size if fit == "fill" else _fitted(part.size, free.size)
    shown = rgba[part.top : part.bottom, part.left : part.right]
    if size != part.size:
        shown = resize_rgba(np.ascontiguousarray(shown), size)
    # A margin that leaves less than the pixel may begin beyond the canvas.
    at_left = min(free.left + (free.width - size.width) // 2, canvas.width - size.width)
    at_top = min(free.top + (free.height - size.height) // 2, canvas.height - size.height)
    pixels = np.zeros((canvas.height, canvas.width, 4), np.uint8)
    pixels[at_top : at_top + size.height, at_left : at_left + size.width] = shown
    return Placed(pixels, part, Box(at_left, at_top, size.width, size.height))


def _fitted(part: Size, free: Size) -> Size:
    larger = scale(part, free, "fit")
    sides = ((part.width, free.width), (part.height, free.height))
    width, height = (min(most, max(1, round(px * larger))) for px, most in sides)
    return Size(width, height)
