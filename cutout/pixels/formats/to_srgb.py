"""Conversion of a file's colours to sRGB, part by part of the picture."""

import io
from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from PIL import Image, ImageCms

from cutout.pixels.formats import high_range
from cutout.pixels.formats.colour_space import HighRange
from cutout.pixels.formats.contents import Colours
from cutout.pixels.types import Rgb

ToSrgb: TypeAlias = Callable[[Image.Image], Rgb]
"""A part of a picture in L, RGB or CMYK -> (H, W, 3) sRGB."""
_SRGB = ImageCms.createProfile("sRGB")


def to_srgb(mode: str, colours: Colours) -> ToSrgb:
    """The conversion of pixels in mode L, RGB or CMYK."""
    if isinstance(colours, HighRange):
        shown = high_range.to_srgb(colours)
        return lambda image: shown(_as_it_is(image))
    return _by_profile(mode, colours) if colours else _as_it_is


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image in that mode; not copied, as Pillow would, when it has the mode already."""
    return image if image.mode == mode else image.convert(mode)


def _as_it_is(image: Image.Image) -> Rgb:
    return np.asarray(in_mode(image, "RGB"))


def _by_profile(mode: str, profile: bytes) -> ToSrgb:
    """Relative colorimetric intent with black point compensation; a profile that does not fit the mode is ignored."""
    mode = "RGB" if profile[16:20] == b"RGB " and mode == "L" else mode
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
        transform = ImageCms.buildTransform(source, _SRGB, mode, "RGB", intent, flags)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return _as_it_is  # malformed, or of another colour space
    return lambda image: np.asarray(ImageCms.applyTransform(in_mode(image, mode), transform))
