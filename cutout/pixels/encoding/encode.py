"""Writes a picture file in any of the output formats."""

import io
from typing import Any

from PIL import Image

from cutout.errors import ResolutionTooHigh
from cutout.pixels.density import exif_data
from cutout.pixels.encoding import jpeg, png
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.plain import Dpi, OutputFormat, Size
from cutout.pixels.strips import Strips
from cutout.pixels.types import Alpha, Rgb, Rgba

_LONGEST_PX: dict[OutputFormat, int] = {"webp": 16383, "jpeg": 65500, "avif": 65535}
"""Longest side that a format can store; PNG's limit is beyond any picture accepted here."""
_WEBP_HASTY_PX = 12_000_000
"""Largest picture of pure noise that WebP's method 0 can still write."""


def encode(
    pixels: Rgba | Rgb | Alpha | Strips,
    output_format: OutputFormat,
    options: EncodeSpec | None = None,
    dpi: Dpi | None = None,
) -> bytes:
    """A picture file of (H, W, 4) straight alpha, (H, W, 3), or an (H, W) mask.

    A picture in strips is written strip by strip as PNG or JPEG; WebP and AVIF need it whole. PNG is lossless. WebP
    and AVIF are lossy in colour, and lossless in alpha and masks. JPEG is lossy, and has no alpha. `dpi` is the
    picture's resolution: stored as whole pixels a metre in PNG, as whole pixels an inch in JPEG.

    Raises:
        ResolutionTooHigh: a side is longer than the format can store, or its encoder refuses so large a picture.
        ValueError: JPEG of pixels with alpha.
    """
    check_sides(Size(pixels.shape[1], pixels.shape[0]), output_format)
    if output_format == "png":
        return png.encode(pixels, dpi)
    options = options or EncodeSpec()
    if isinstance(pixels, Strips):
        if output_format == "jpeg":
            return jpeg.encode(pixels, options.jpeg_quality, dpi)
        pixels = pixels.whole()
    if output_format == "jpeg" and pixels.shape[2:] == (4,):
        raise ValueError("jpeg takes no alpha")
    try:
        return _saved(Image.fromarray(pixels), output_format, options, dpi)
    except (ValueError, OSError, RuntimeError, MemoryError) as refused:
        size = f"{pixels.shape[1]}x{pixels.shape[0]}"
        message = f"output_format: {output_format} cannot hold this picture of {size} pixels ({refused}); png can"
        raise ResolutionTooHigh.of_field("output_format", message, size) from refused


def _saved(image: Image.Image, output_format: OutputFormat, options: EncodeSpec, dpi: Dpi | None) -> bytes:
    out = io.BytesIO()
    resolution: dict[str, Any] = {"exif": exif_data(dpi)} if dpi else {}
    match output_format:
        case "webp":
            _save_webp(image, out, options.webp_quality, resolution)
        case "jpeg":
            jpeg.saved(image, out, options.jpeg_quality, dpi)
        case "avif":
            _save_avif(image, out, options.avif_quality, resolution)
    return out.getvalue()


def check_sides(size: Size, output_format: OutputFormat) -> None:
    """Raise ResolutionTooHigh, which names the request's field, for a size that a format cannot store."""
    longest, most_px = max(size.width, size.height), _LONGEST_PX.get(output_format)
    if most_px and longest > most_px:
        message = f"output_format: {output_format} holds at most {most_px} pixels on a side; png holds more"
        raise ResolutionTooHigh.of_field("output_format", message, longest)


def _save_webp(image: Image.Image, out: io.BytesIO, quality: int, more: dict[str, Any]) -> None:
    """Method 0 is 3.4 times faster than the default 4 and some 10 % larger (docs/performance.md).

    The prediction modes of a file may take at most 512 KiB: of a large picture, methods 0 and 1 may exceed that.
    """
    lossless, method = image.mode == "L", 0 if image.width * image.height <= _WEBP_HASTY_PX else 2
    image.save(out, "WEBP", quality=quality, lossless=lossless, alpha_quality=100, method=method, exact=True, **more)


def _save_avif(image: Image.Image, out: io.BytesIO, quality: int, more: dict[str, Any]) -> None:
    """Speed 9 of 10 takes a seventh of the default's time for a tenth more bytes."""
    if image.mode == "L":
        image.save(out, "AVIF", quality=100, subsampling="4:0:0", speed=9, **more)
    else:
        advanced = {"alpha:lossless": "1"} if image.mode == "RGBA" else {}
        image.save(out, "AVIF", quality=quality, speed=9, advanced=advanced, **more)
