"""The colours of a file -> sRGB, for one part of the picture after another."""

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
"""A part of a picture, L, RGB or CMYK -> (H, W, 3)."""
_SRGB = ImageCms.createProfile("sRGB")


def to_srgb(mode: str, colours: Colours) -> ToSrgb:
    """What shows pixels of L, RGB or CMYK."""
    if isinstance(colours, HighRange):
        shown = high_range.to_srgb(colours)
        return lambda image: shown(_as_it_is(image))
    return _by_profile(mode, colours) if colours else _as_it_is


def in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image itself where it has the mode already; Pillow would copy it."""
    return image if image.mode == mode else image.convert(mode)


def _as_it_is(image: Image.Image) -> Rgb:
    return np.asarray(in_mode(image, "RGB"))


def _by_profile(mode: str, profile: bytes) -> ToSrgb:
    """By relative colorimetric intent with black point compensation; of a profile that does not fit, as it is."""
    mode = "RGB" if profile[16:20] == b"RGB " and mode == "L" else mode
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        intent, flags = ImageCms.Intent.RELATIVE_COLORIMETRIC, ImageCms.Flags.BLACKPOINTCOMPENSATION
        transform = ImageCms.buildTransform(source, _SRGB, mode, "RGB", intent, flags)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return _as_it_is  # it makes no sense, or is of another colour space: it says nothing of these pixels
    return lambda image: np.asarray(ImageCms.applyTransform(in_mode(image, mode), transform))
