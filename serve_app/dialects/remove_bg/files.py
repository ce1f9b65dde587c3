"""A cutout on its canvas as the file that remove.bg's `format` and `channels` ask for."""

import io
import zipfile
from typing import Final

from cutout.pixels.encoding.encode import encode
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.finishing.background import on_background
from cutout.pixels.finishing.placement import WHITE, colours, laid, opacity
from cutout.pixels.plain import MEDIA_TYPES, Dpi, OutputFormat
from cutout.pixels.types import Alpha, Rgb, Rgba
from serve_app.dialects.remove_bg.form import RemoveBgForm
from serve_app.dialects.remove_bg.values import Background

FORMATS: Final[dict[str, OutputFormat]] = {"png": "png", "jpg": "jpeg", "webp": "webp"}
ZIP: Final = "application/zip"


def written(
    rgba: Rgba, background: Background, form: RemoveBgForm, encoding: EncodeSpec, dpi: Dpi | None = None
) -> tuple[bytes, str]:
    """The file and its media type, of an (h, w, 4) cutout; `dpi` is its picture's resolution."""
    if form.channels == "alpha":
        return _picture(opacity(rgba), FORMATS.get(form.format, "png"), encoding, dpi)
    pixels = laid(rgba, background)
    if form.format == "zip":
        return _apart(pixels, encoding, dpi), ZIP
    shows_through = int(opacity(pixels).min()) < 255
    return _picture(pixels, FORMATS.get(form.format, "png" if shows_through else "jpeg"), encoding, dpi)


def _picture(
    pixels: Rgba | Rgb | Alpha, output_format: OutputFormat, encoding: EncodeSpec, dpi: Dpi | None
) -> tuple[bytes, str]:
    if output_format == "jpeg" and pixels.ndim == 3 and pixels.shape[2] == 4:
        pixels = on_background(pixels, WHITE)
    return encode(pixels, output_format, encoding, dpi), MEDIA_TYPES[output_format]


def _apart(pixels: Rgba | Rgb, encoding: EncodeSpec, dpi: Dpi | None) -> bytes:
    """A ZIP of two files: the colours, black where the matte is 0, and the matte."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("color.jpg", encode(colours(pixels), "jpeg", encoding, dpi))
        archive.writestr("alpha.png", encode(opacity(pixels), "png", encoding, dpi))
    return out.getvalue()
