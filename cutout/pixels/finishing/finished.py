"""Applies a finish to a cutout."""

from dataclasses import dataclass

import numpy as np

from cutout.pixels.crop import subject_box, with_margin
from cutout.pixels.finish import AS_IT_IS, Finish
from cutout.pixels.finishing.background import on_background
from cutout.pixels.finishing.blur import blurred, seen
from cutout.pixels.finishing.canvas import placed
from cutout.pixels.finishing.edge import edged
from cutout.pixels.finishing.shadow import Shadow, shadowed
from cutout.pixels.finishing.tones import toned, with_tones
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Box, Size
from cutout.pixels.types import Alpha, Rgb, Rgba


@dataclass(frozen=True, slots=True)
class Finished:
    """A cutout with its finish."""

    pixels: Rgba | Rgb | Alpha
    """(h, w, 4); (h, w, 3) on a background; (h, w) for a mask."""
    mask: Alpha | None
    """(h, w), when both cutout and mask were requested."""
    box: Box | None
    """The subject within `pixels`; None: nothing was found."""
    frame: Box | None
    """The part of the whole cutout that `pixels` show, in its pixels, on a canvas rounded; None: all of it."""


def finished(rgba: Rgba, finish: Finish, photograph: Picture | None = None) -> Finished:
    """Apply a finish to an (H, W, 4) cutout of straight alpha.

    Its steps are, in this order: edge, crop, canvas, shadow, tones of alpha, background. `photograph` is the picture
    that the cutout was made of, at any size, for a finish with `blur`.
    """
    return finished_around(rgba, finish, subject_box(rgba[..., 3]), photograph)


def finished_around(rgba: Rgba, finish: Finish, box: Box | None, photograph: Picture | None = None) -> Finished:
    """As `finished`, for a cutout whose subject's box is known."""
    if finish.edge != AS_IT_IS:
        rgba = edged(rgba, finish.edge)
        box = subject_box(rgba[..., 3])
    framed = _framed(rgba, finish, box)
    mask = None if finish.output_type == "cutout" else toned(np.ascontiguousarray(framed.pixels[..., 3]), finish)
    if finish.output_type == "mask" and mask is not None:
        return Finished(mask, None, framed.box, framed.frame)
    pixels: Rgba | Rgb = framed.pixels
    if finish.shadow_percent:
        pixels = shadowed(pixels, Shadow("ground", finish.shadow_percent / 100))
    pixels = with_tones(pixels, finish)
    if finish.blur:
        pixels = _on_photograph(pixels, rgba, framed.frame, photograph)
    elif finish.background is not None:
        pixels = on_background(pixels, finish.background)
    return Finished(pixels, mask, framed.box, framed.frame)


@dataclass(frozen=True, slots=True)
class _Framed:
    """A cutout that is cropped, or on a canvas; the fields are those of Finished."""

    pixels: Rgba
    box: Box | None
    frame: Box | None


def _framed(rgba: Rgba, finish: Finish, box: Box | None) -> _Framed:
    if finish.canvas:
        part = box if finish.crop and box else Box(0, 0, rgba.shape[1], rgba.shape[0])
        finish.check_resolution(part.size)
        on_canvas = placed(rgba, part, finish.canvas, finish.margin, finish.fit)
        return _Framed(on_canvas.pixels, box and on_canvas.on_canvas(box), on_canvas.frame)
    if not (finish.crop and box):
        return _Framed(rgba, box, None)
    return _Framed(*with_margin(rgba, box, finish.margin))


def _on_photograph(pixels: Rgba, whole: Rgba, frame: Box | None, photograph: Picture | None) -> Rgb:
    """What a frame shows of a cutout, before the same part of its photograph, blurred."""
    if photograph is None:
        raise ValueError("a finish with blur needs the photograph")
    size = Size(whole.shape[1], whole.shape[0])
    behind = blurred(photograph.on_white(), np.ascontiguousarray(whole[..., 3]))
    shown = seen(behind, frame or Box(0, 0, size.width, size.height), size, Size(pixels.shape[1], pixels.shape[0]))
    return on_background(pixels, Picture(shown))
