"""Contents of a file -> pixels: 8 bits, upright, sRGB, alpha separate; strip by strip, into given memory."""

import io
from collections.abc import Callable, Iterator
from enum import Enum
from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from cutout.pixels.formats import heif, jpeg, tiff, webp
from cutout.pixels.formats.contents import Contents, Damaged, UnknownPixels
from cutout.pixels.formats.to_srgb import in_mode, to_srgb
from cutout.pixels.types import Alpha, Rgb

Image.MAX_IMAGE_PIXELS = None  # the configured limits apply instead, by the header, before anything is decoded
Show: TypeAlias = Callable[[Image.Image], tuple[Rgb, Alpha | None]]
"""A part of an 8-bit picture -> its colours and its alpha."""
Plane = TypeVar("Plane", bound=NDArray[Any])
_KNOWN = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBX", "RGBA", "RGBa", "CMYK", "YCbCr"}
_DEEP = {"I;16", "I;16B", "I;16L", "I;16N"}
_DEEP_BITS = 16
_UNKNOWN = {"F": "floating-point numbers", "I": "32-bit integers", "LAB": "CIELAB"}
"""Unsupported modes of Pillow, as error messages name them."""
_STRIP_PX = 1 << 18
"""Pixels converted at a time."""


class Transparency(Enum):
    """Whether a file has transparency, and uses it."""

    NONE = "no alpha channel, and no colour that counts as transparent"
    IDLE = "every pixel is opaque"
    USED = "some pixel is transparent"


def paint(contents: Contents, rgb: Rgb, alpha: Alpha) -> Transparency:
    """Write the pixels to `rgb`, (H, W, 3), and any transparency to `alpha`, (H, W): uint8, upright.

    Raises:
        Damaged: the file is truncated or malformed; what Pillow and its decoders raise is raised as it is.
        UnknownPixels: the pixels are of a kind that is not supported.
    """
    if not contents.ended and not jpeg.is_whole(contents.data):
        raise Damaged("the picture breaks off")
    image = _stored(contents)
    rgb, alpha = _as_stored(rgb, contents.exif.orientation), _as_stored(alpha, contents.exif.orientation)
    low = _low_bytes(contents) if contents.colour_key and contents.depth == _DEEP_BITS and image.mode == "RGB" else None
    show, transparency = _shown(image, contents), Transparency.NONE
    for rows, strip in _strips(image):
        rgb[rows], opacity = show(_of_8_bits(strip))
        if contents.colour_key:
            opacity = _opacity(strip, contents, None if low is None else low.crop(_box(low, rows)))
        if opacity is not None:
            alpha[rows] = opacity
            used = transparency is Transparency.USED or opacity.min() < 255
            transparency = Transparency.USED if used else Transparency.IDLE
    return transparency


def _stored(contents: Contents) -> Image.Image:
    """The picture as stored."""
    match contents.kind:
        case "AVIF":
            image = heif.avif_image(contents.data)
        case "HEIF":
            image = heif.heic_image(contents.data)
        case "TIFF":
            image = tiff.FirstPage(io.BytesIO(contents.data))
        case "WEBP":
            image = webp.image(contents.data)
        case _:
            image = Image.open(io.BytesIO(contents.data), formats=[contents.kind])
    image.load()
    if image.mode not in _KNOWN | _DEEP:
        kind = _UNKNOWN.get(image.mode, image.mode)
        raise UnknownPixels(f"Pixels of {kind} are not read: grey, RGB or CMYK in 8 or 16 bits expected")
    return image


def _as_stored(plane: Plane, orientation: int) -> Plane:
    """A view of an upright plane in the orientation of the file, numbered as in EXIF."""
    if orientation in (2, 3, 6, 7):
        plane = plane[:, ::-1]  # type: ignore[assignment]
    if orientation in (3, 4, 7, 8):
        plane = plane[::-1]  # type: ignore[assignment]
    return plane.swapaxes(0, 1) if orientation in (5, 6, 7, 8) else plane


def _strips(image: Image.Image) -> Iterator[tuple[slice, Image.Image]]:
    step = max(1, _STRIP_PX // image.width)
    for top in range(0, image.height, step):
        rows = slice(top, min(image.height, top + step))
        yield rows, image.crop(_box(image, rows))


def _box(image: Image.Image, rows: slice) -> tuple[int, int, int, int]:
    return (0, rows.start, image.width, rows.stop)


def _of_8_bits(image: Image.Image) -> Image.Image:
    if image.mode in _DEEP:
        return Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    return image.convert("L") if image.mode == "1" else image


def _shown(image: Image.Image, contents: Contents) -> Show:
    """The conversion of strips to colours and alpha; for one byte a pixel, a table of all 256 values."""
    mode = "L" if image.mode == "1" or image.mode in _DEEP else image.mode
    coloured = "RGBA" if image.has_transparency_data else "RGB"
    mixed = coloured if mode in ("P", "PA", "La", "RGBa") else mode
    opaque = {"LA": "L", "RGBA": "RGB", "RGBX": "RGB", "YCbCr": "RGB"}.get(mixed, mixed)
    colours = to_srgb(opaque, contents.colours)

    def show(part: Image.Image) -> tuple[Rgb, Alpha | None]:
        part = in_mode(part, mixed)
        alpha = np.asarray(part.getchannel("A")) if mixed in ("RGBA", "LA") else None
        return colours(in_mode(part, opaque)), alpha

    return _by_table(show, image) if mode in ("L", "P") else show


def _by_table(show: Show, image: Image.Image) -> Show:
    every = image.crop((0, 0, 1, 1)).resize((256, 1)) if image.mode == "P" else Image.new("L", (256, 1))
    every.putdata(range(256))
    rgb, alpha = show(every)
    rgb_of, alpha_of = rgb[0], None if alpha is None else alpha[0]

    def look_up(part: Image.Image) -> tuple[Rgb, Alpha | None]:
        values = np.asarray(part)
        return rgb_of[values], None if alpha_of is None else alpha_of[values]

    return look_up


def _opacity(strip: Image.Image, contents: Contents, low: Image.Image | None) -> Alpha:
    """(H, W): 0 where a pixel has the value that the file declares transparent, compared at the file's bit depth."""
    hidden = np.all(_samples(strip, contents, low) == np.array(contents.colour_key), axis=2)
    return np.where(hidden, np.uint8(0), np.uint8(255))


def _samples(strip: Image.Image, contents: Contents, low: Image.Image | None) -> NDArray[np.uint16] | NDArray[np.uint8]:
    """(H, W, 1 or 3) at the file's bit depth."""
    grid = np.atleast_3d(np.asarray(strip))
    if contents.depth < 8:
        return grid // (255 // (2**contents.depth - 1)) if strip.mode == "L" else grid.astype(np.uint8)
    if low is not None:
        deep: NDArray[np.uint16] = grid.astype(np.uint16) << 8 | np.asarray(low)
        return deep
    return grid


def _low_bytes(contents: Contents) -> Image.Image:
    """The low bytes of 16-bit RGB, of which Pillow keeps only the high ones."""
    low = Image.open(io.BytesIO(contents.data), formats=["PNG"])
    low.tile = [tile._replace(args="RGB;16L") for tile in low.tile]
    low.load()
    return low
