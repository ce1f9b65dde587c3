"""Placement: a subject looked for in a region, cropped, scaled and moved on its canvas; the size of the canvas."""

import math
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np

from cutout.pixels.crop import Margin, cropped, subject_box, with_margin
from cutout.pixels.finish import Finish
from cutout.pixels.finishing.background import STRIP_BYTES, on_background
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Box, Colour, Size
from cutout.pixels.resizing.resize import resize_rgba
from cutout.pixels.types import Alpha, Rgb, Rgba

Place: TypeAlias = tuple[float, float]
"""Shares of the free space that are to the left of the subject and above it, in 0..1; (0.5, 0.5): centred."""
WHITE: Colour = (255, 255, 255)


@dataclass(frozen=True, slots=True)
class Arrangement:
    """What is done to a cutout, in this order; by default, nothing."""

    crop: bool = False
    """The canvas becomes the subject's box, with `margin`."""
    margin: Margin = field(default_factory=Margin)
    scale: float | None = None
    """The subject is scaled to fit this share of the canvas, in 0..1; None: not scaled."""
    place: Place | None = None
    """Where the subject is put on the canvas; None: centred where it was."""
    most_px: int | None = None
    """The canvas is shrunk to at most as many pixels."""

    def largest(self, size: Size) -> Size:
        """The largest canvas that arranging a cutout of that size may take."""
        return Finish(crop=self.crop, margin=self.margin).largest(size)


@dataclass(frozen=True, slots=True)
class Arranged:
    """A cutout on its canvas."""

    rgba: Rgba
    """(h, w, 4) straight alpha."""
    box: Box
    """The subject's box in it."""
    scale: float = 1.0
    """By what factor a side of the canvas was shrunk to `most_px`; 1: it was not."""


def part(picture: Picture, box: Box) -> Picture:
    """The part of a picture in a box that lies within it."""
    rows, columns = slice(box.top, box.bottom), slice(box.left, box.right)
    alpha = None if picture.alpha is None else np.ascontiguousarray(picture.alpha[rows, columns])
    return replace(picture, rgb=np.ascontiguousarray(picture.rgb[rows, columns]), alpha=alpha)


def put_back(rgba: Rgba, box: Box, size: Size) -> Rgba:
    """(size.height, size.width, 4): the cutout of a part, at its place in the picture; transparent around it."""
    return cropped(rgba, Box(-box.left, -box.top, size.width, size.height))


def arranged(rgba: Rgba, how: Arrangement) -> Arranged | None:
    """Arrange an (H, W, 4) cutout of straight alpha; None when there is no subject in it."""
    canvas, box = rgba, subject_box(rgba[..., 3])
    if box is None:
        return None
    if how.crop:
        canvas, box, _ = with_margin(rgba, box, how.margin)
    if how.scale is not None or how.place is not None:
        canvas = _placed(canvas, box, how)
    small = shrunk(canvas, how.most_px)
    box = subject_box(small[..., 3])
    return None if box is None else Arranged(small, box, math.sqrt(_count(small) / _count(canvas)))


def _count(rgba: Rgba) -> int:
    height, width = rgba.shape[:2]
    return int(height) * int(width)


def shrunk(rgba: Rgba, most_px: int | None) -> Rgba:
    """The picture shrunk to at most `most_px` pixels, aspect ratio kept; a smaller one is returned as it is."""
    height, width = rgba.shape[:2]
    if most_px is None or width * height <= most_px:
        return rgba
    scale = math.sqrt(most_px / (width * height))
    return resize_rgba(rgba, Size(max(1, int(width * scale)), max(1, int(height * scale))))


def over(rgba: Rgba, colour: Colour, alpha: int) -> Rgba:
    """(H, W, 4): the cutout over a colour with an alpha of 0..255 (Porter-Duff over); straight alpha, rounded."""
    mixed = np.empty_like(rgba)
    rows = max(1, STRIP_BYTES // (rgba.shape[1] * 4))
    for start in range(0, rgba.shape[0], rows):
        strip = rgba[start : start + rows]
        above = strip[..., 3:].astype(np.float32) / 255
        below = (1 - above) * np.float32(alpha / 255)
        total = above + below
        sums = strip[..., :3] * above + np.array(colour, np.float32) * below
        mean = np.divide(sums, total, out=np.zeros_like(sums), where=total > 0)
        mixed[start : start + rows] = np.concatenate([mean, total * 255], axis=-1) + np.float32(0.5)
    return mixed


def laid(rgba: Rgba, background: tuple[Colour, int] | Picture | None) -> Rgba | Rgb:
    """The cutout on a colour with an alpha, or on a picture: (H, W, 4), or (H, W, 3) when the result is opaque."""
    if background is None:
        return rgba
    if isinstance(background, Picture):
        return on_background(rgba, background)
    colour, alpha = background
    return on_background(rgba, colour) if alpha == 255 else over(rgba, colour, alpha)


def opacity(pixels: Rgba | Rgb) -> Alpha:
    """(h, w): the alpha channel, or 255 everywhere when there is none."""
    if pixels.shape[2] == 4:
        return np.ascontiguousarray(pixels[..., 3])
    return np.full(pixels.shape[:2], 255, np.uint8)


def colours(pixels: Rgba | Rgb) -> Rgb:
    """(h, w, 3): the pixels without alpha."""
    return np.ascontiguousarray(pixels[..., :3])


def _placed(canvas: Rgba, box: Box, how: Arrangement) -> Rgba:
    height, width = canvas.shape[:2]
    subject = canvas[box.top : box.bottom, box.left : box.right]
    if how.scale is not None:
        factor = how.scale * min(width / box.width, height / box.height)
        size = Size(_side(box.width * factor, width), _side(box.height * factor, height))
        subject = resize_rgba(subject, size)
    high, wide = subject.shape[:2]
    if how.place is None:
        left, top = box.left + (box.width - wide) / 2, box.top + (box.height - high) / 2
    else:
        left, top = (width - wide) * how.place[0], (height - high) * how.place[1]
    left, top = _between(left, width - wide), _between(top, height - high)
    return put_back(subject, Box(left, top, wide, high), Size(width, height))


def _side(px: float, most: int) -> int:
    return min(most, max(1, round(px)))


def _between(px: float, most: int) -> int:
    return min(most, max(0, round(px)))
