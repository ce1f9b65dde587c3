"""A file's contents -> pixels: 8 bits, upright, sRGB, and alpha apart."""

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from cutout.formats import heif, high_range, jpeg, tiff
from cutout.formats.colour_space import HighRange
from cutout.formats.contents import Colours, Contents, Damaged
from cutout.outcome import Alpha, Rgb

Image.MAX_IMAGE_PIXELS = None  # the limits of the configuration decide, from the header, before anything is decoded
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""What makes a picture of each EXIF orientation upright; 1 is upright."""
_SRGB = ImageCms.createProfile("sRGB")
_KNOWN = {"1", "L", "LA", "La", "P", "PA", "RGB", "RGBX", "RGBA", "RGBa", "CMYK", "YCbCr"}
_DEEP = {"I;16", "I;16B", "I;16L", "I;16N"}
_DEEP_BITS = 16


def pixels(contents: Contents) -> tuple[Rgb, Alpha | None]:
    """(H, W, 3) and (H, W) uint8; no alpha where the file has no transparency, not even an opaque one.

    Raises:
        Damaged: the file breaks off, or makes no sense; and what Pillow and the decoders below it raise.
    """
    if not contents.ended and not jpeg.is_whole(contents.data):
        raise Damaged("the picture breaks off")
    image = _with_key(_stored(contents), contents)
    if contents.exif.orientation in _TURNS:
        image = image.transpose(_TURNS[contents.exif.orientation])
    if image.mode in ("P", "PA", "La", "RGBa"):
        image = image.convert("RGBA" if image.has_transparency_data else "RGB")
    alpha = np.asarray(image.getchannel("A")) if image.mode in ("RGBA", "LA") else None
    return _to_srgb(_opaque(image), contents.colours), alpha


def _stored(contents: Contents) -> Image.Image:
    """The picture as it is stored."""
    match contents.kind:
        case "AVIF":
            image = heif.avif_image(contents.data)
        case "HEIF":
            image = heif.heic_image(contents.data)
        case "TIFF":
            image = tiff.FirstPage(io.BytesIO(contents.data))
        case _:
            image = Image.open(io.BytesIO(contents.data), formats=[contents.kind])
    image.load()
    if image.mode not in _KNOWN | _DEEP:
        raise Damaged(f"pixels of {image.mode} are not read")
    return image


def _with_key(image: Image.Image, contents: Contents) -> Image.Image:
    """The picture with an alpha channel, where a PNG says that one value is transparent: at the file's own depth."""
    key = contents.colour_key
    samples = _samples(image, contents) if key else None
    eight = Image.fromarray(_high_byte(image)) if image.mode in _DEEP else image
    if key is None or samples is None:
        return eight
    hidden = np.all(samples == np.array(key), axis=2)
    eight = eight.convert("L") if eight.mode == "1" else eight.copy()
    eight.putalpha(Image.fromarray(np.where(hidden, 0, 255).astype(np.uint8)))
    return eight


def _samples(image: Image.Image, contents: Contents) -> NDArray[np.uint16] | NDArray[np.uint8]:
    """(H, W, 1 or 3) at the file's depth. Of 16-bit RGB Pillow keeps the high bytes; the low ones are read as well."""
    grid = np.atleast_3d(np.asarray(image))
    if contents.depth < 8:
        return grid // (255 // (2**contents.depth - 1)) if image.mode == "L" else grid.astype(np.uint8)
    if contents.depth == _DEEP_BITS and image.mode == "RGB":
        low = Image.open(io.BytesIO(contents.data), formats=["PNG"])
        low.tile = [tile._replace(args="RGB;16L") for tile in low.tile]
        deep: NDArray[np.uint16] = grid.astype(np.uint16) << 8 | np.asarray(low)
        return deep
    return grid


def _high_byte(image: Image.Image) -> NDArray[np.uint8]:
    return (np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8)


def _opaque(image: Image.Image) -> Image.Image:
    """L, RGB or CMYK of 8 bits a channel, without alpha."""
    without = {"1": "L", "LA": "L", "RGBA": "RGB", "RGBX": "RGB", "YCbCr": "RGB"}
    return _in_mode(image, without.get(image.mode, image.mode))


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image itself where it has the mode already; Pillow would copy it."""
    return image if image.mode == mode else image.convert(mode)


def _to_srgb(image: Image.Image, colours: Colours) -> Rgb:
    """(H, W, 3) of L, RGB or CMYK."""
    if isinstance(colours, HighRange):
        return high_range.to_srgb(np.asarray(_in_mode(image, "RGB")), colours)
    return np.asarray(_in_mode(_converted(image, colours) if colours else image, "RGB"))


def _converted(image: Image.Image, profile: bytes) -> Image.Image:
    """By relative colorimetric intent with black point compensation; of a profile that does not fit, as it is."""
    if profile[16:20] == b"RGB " and image.mode == "L":
        image = image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        return ImageCms.profileToProfile(image, source, _SRGB, intent, "RGB", flags=flags) or image
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image  # it makes no sense, or is of another colour space: it says nothing of these pixels
