"""Bytes <-> pixels: a file's header against the limits, decode, encode.

The rules of decoding are in docs/pictures.md; formats/ has one file for each, tests/pictures/ the truth.
"""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from mmap import mmap
from typing import Any

import numpy as np
from PIL import Image

from cutout.errors import InvalidFormat, ResolutionTooHigh
from cutout.limits import LimitsSpec
from cutout.pixels.density import Dpi, exif_data
from cutout.pixels.encoding import jpeg as jpeg_file
from cutout.pixels.encoding import png
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.formats import heif, jpeg, tiff, webp
from cutout.pixels.formats import png as png_file
from cutout.pixels.formats.contents import Contents, Costly, UnknownPixels
from cutout.pixels.formats.kind import SUPPORTED, sniff
from cutout.pixels.formats.pixels import Transparency, paint
from cutout.pixels.strips import Strips
from cutout.pixels.types import Alpha, OutputFormat, Rgb, Rgba, Size

MEDIA_TYPES: dict[OutputFormat, str] = {
    "png": "image/png", "webp": "image/webp", "jpeg": "image/jpeg", "avif": "image/avif"
}  # fmt: skip
_LONGEST_PX: dict[OutputFormat, int] = {"webp": 16383, "jpeg": 65500, "avif": 65535}
"""Longest side that a format holds; PNG's is beyond any picture of ours."""
_WEBP_HASTY_PX = 12_000_000
"""Pure noise of so many pixels is still written by WebP's method 0."""
_CONTENTS: dict[str, Callable[[bytes], Contents]] = {
    "image/png": png_file.contents, "image/jpeg": jpeg.contents, "image/webp": webp.contents,
    "image/avif": heif.avif_contents, "image/heic": heif.heic_contents, "image/tiff": tiff.contents,
}  # fmt: skip
_BROKEN = (OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, struct.error, RuntimeError)
"""What decoders raise at files that make no sense."""
_SMALL_BYTES = 64 * 1024
"""See `is_small`."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture of H x W pixels, sRGB, upright."""

    rgb: Rgb
    """(H, W, 3) uint8."""
    alpha: Alpha | None = None
    """(H, W) uint8 when some pixel is transparent, else None."""
    dpi: Dpi | None = None
    """Pixels an inch, across and down, where the file says so: advice, which no pixel depends on."""
    idle_alpha: bool = False
    """Whether the file has an alpha channel in which every pixel is opaque."""

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return Size(self.rgb.shape[1], self.rgb.shape[0])

    @property
    def has_alpha(self) -> bool:
        """Whether the file has an alpha channel, or a colour that counts as transparent."""
        return self.alpha is not None or self.idle_alpha

    def on(self, ground: tuple[int, int, int]) -> Rgb:
        """(H, W, 3): what is transparent shows the ground, red, green and blue in 0..255."""
        if self.alpha is None:
            return self.rgb
        alpha = self.alpha[..., None].astype(np.uint16)
        return ((self.rgb * alpha + np.array(ground, np.uint16) * (255 - alpha) + 127) // 255).astype(np.uint8)

    def on_white(self) -> Rgb:
        """(H, W, 3): what is transparent shows white."""
        return self.on((255, 255, 255))

    def rgba(self) -> Rgba:
        """(H, W, 4) straight alpha; opaque where the picture has none."""
        alpha = np.full(self.rgb.shape[:2], 255, np.uint8) if self.alpha is None else self.alpha
        return with_alpha(self.rgb, alpha)


def with_alpha(rgb: Rgb, alpha: Alpha) -> Rgba:
    """(H, W, 4) of (H, W, 3) and (H, W). A channel at a time: four times faster than numpy.dstack."""
    rgba = np.empty((*alpha.shape, 4), np.uint8)
    for channel in range(3):
        rgba[..., channel] = rgb[..., channel]
    rgba[..., 3] = alpha
    return rgba


@dataclass(frozen=True, slots=True)
class PictureFile:
    """A picture file whose header was read, and is within the limits; its pixels are not decoded yet."""

    contents: Contents
    field: str
    """The request's field that it came in; errors name it."""

    @property
    def size(self) -> Size:
        """Width and height in pixels, upright."""
        stored = self.contents.size
        return Size(stored.height, stored.width) if self.contents.exif.turned else stored

    def decode(self, memory: mmap | None = None) -> Picture:
        """Its pixels, at the beginning of `memory` where some is given: RGB, then alpha where there is some.

        Raises:
            InvalidFormat: the file breaks off, makes no sense, or has pixels of a kind that is not read.
        """
        width, height = self.size.width, self.size.height
        planes = np.empty(4 * width * height, np.uint8) if memory is None else np.frombuffer(memory, np.uint8)
        rgb, alpha = np.split(planes[: 4 * width * height], [3 * width * height])
        rgb, alpha = rgb.reshape(height, width, 3), alpha.reshape(height, width)
        try:
            transparency = paint(self.contents, rgb, alpha)
        except UnknownPixels as unknown:
            raise InvalidFormat.of_field(self.field, f"{unknown}") from unknown
        except _BROKEN as broken:
            raise InvalidFormat.of_field(self.field, f"Image is damaged or incomplete. {SUPPORTED}") from broken
        dpi = self.contents.exif.dpi
        upright_dpi = (dpi[1], dpi[0]) if dpi and self.contents.exif.turned else dpi
        used = transparency is Transparency.USED
        return Picture(rgb, alpha if used else None, upright_dpi, idle_alpha=transparency is Transparency.IDLE)


def opened(data: bytes, limits: LimitsSpec, field: str = "image") -> PictureFile:
    """A picture file by its header.

    Raises:
        InvalidFormat: no picture of a format that is read, or one whose header makes no sense.
        ResolutionTooHigh: larger than `limits` allow.
    """
    if not data:
        raise InvalidFormat.of_field(field, f"Image is empty. {SUPPORTED}")
    kind = sniff(data)
    if kind not in _CONTENTS:
        raise InvalidFormat.of_field(field, f"Invalid image format. {SUPPORTED}", kind)
    try:
        file = PictureFile(_CONTENTS[kind](data), field)
    except Costly as costly:
        raise InvalidFormat.of_field(field, f"Image is too costly to read: {costly}", kind) from costly
    except _BROKEN as broken:
        raise InvalidFormat.of_field(field, f"Image is damaged or incomplete. {SUPPORTED}", kind) from broken
    _check_size(file, len(data), limits)
    return file


def decode(data: bytes, limits: LimitsSpec, field: str = "image") -> Picture:
    """The picture of a file; raises as `opened` and `PictureFile.decode` do."""
    return opened(data, limits, field).decode()


def _check_size(file: PictureFile, file_bytes: int, limits: LimitsSpec) -> None:
    width, height = file.size.width, file.size.height
    count, shown = width * height, f"{width}x{height}"
    if count > limits.input_px:
        message = f"Image has {count} pixels; at most {limits.input_px} are accepted"
    elif max(width, height) > limits.input_side_px:
        message = f"Image is {width} pixels wide and {height} high; at most {limits.input_side_px} a side are accepted"
    elif max(width, height) > limits.input_aspect * min(width, height):
        message = f"Image is {shown}; a side of at most {limits.input_aspect} times the other is accepted"
    elif is_small(file_bytes) and count * file.contents.px_bytes > limits.memory_of_64k:
        most = limits.memory_of_64k // file.contents.px_bytes
        few = f"at most {most} are accepted of such a {file.contents.kind} in 64 KiB or less (limits.memory_of_64k)"
        message = f"Image has {count} pixels in {file_bytes} bytes; {few}. A larger file may have {limits.input_px}"
    else:
        return
    raise ResolutionTooHigh.of_field(file.field, message, shown)


def is_small(file_bytes: int) -> bool:
    """Whether a file is one of those that may cost little, since they cost nothing to send."""
    return file_bytes <= _SMALL_BYTES


def encode(
    pixels: Rgba | Rgb | Alpha | Strips,
    output_format: OutputFormat,
    options: EncodeSpec | None = None,
    dpi: Dpi | None = None,
) -> bytes:
    """A picture file of (H, W, 4) straight alpha, (H, W, 3), or an (H, W) mask.

    Of a picture in strips, PNG and JPEG need some at a time; WebP and AVIF need the whole. PNG is lossless. WebP and
    AVIF are lossy in colour, and in alpha and masks they are not. JPEG is lossy, and takes no alpha. `dpi` is the
    picture's resolution: in whole pixels a metre for PNG, in whole pixels an inch for JPEG.

    Raises:
        ResolutionTooHigh: a side is longer than the format holds, or its encoder refuses so large a picture.
        ValueError: JPEG of pixels with alpha.
    """
    check_sides(Size(pixels.shape[1], pixels.shape[0]), output_format)
    if output_format == "png":
        return png.encode(pixels, dpi)
    options = options or EncodeSpec()
    if isinstance(pixels, Strips):
        if output_format == "jpeg":
            return jpeg_file.encode(pixels, options.jpeg_quality, dpi)
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
            jpeg_file.saved(image, out, options.jpeg_quality, dpi)
        case "avif":
            _save_avif(image, out, options.avif_quality, resolution)
    return out.getvalue()


def check_sides(size: Size, output_format: OutputFormat) -> None:
    """Refuse a size that a format cannot hold; ResolutionTooHigh names the request's field."""
    longest, most_px = max(size.width, size.height), _LONGEST_PX.get(output_format)
    if most_px and longest > most_px:
        message = f"output_format: {output_format} holds at most {most_px} pixels on a side; png holds more"
        raise ResolutionTooHigh.of_field("output_format", message, longest)


def _save_webp(image: Image.Image, out: io.BytesIO, quality: int, more: dict[str, Any]) -> None:
    """Method 0 is 3.4 times faster than the default 4 and some 10 % larger (docs/performance.md).

    A file's modes of prediction have at most 512 KiB: methods 0 and 1 may take more for a large picture, and fail.
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
