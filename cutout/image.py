"""Bytes <-> pixels: sniff, limits, decode, orientation, colour; and pixels -> bytes.

Rules of decoding, each tested in tests/cutout/test_image.py:

- a format is recognised by content; only PNG, JPEG and WebP are read
- EXIF orientation is applied; of an animation, the first frame is taken
- an embedded colour profile is converted to sRGB (relative colorimetric, black point compensation); a picture
  without one is sRGB already, CMYK without one is converted by Pillow's formula
- 16 bits a channel become 8 by keeping the high byte; grey becomes RGB; a palette and its transparency become RGBA
- alpha that is there is kept: a new alpha never exceeds it (composite.py)
"""

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageFile

from cutout import exif, png
from cutout.density import Dpi, exif_data, whole
from cutout.errors import InvalidFormat, ResolutionTooHigh
from cutout.outcome import Alpha, OutputFormat, Rgb, Rgba, Size
from cutout.spec import EncodeSpec, LimitsSpec

SUPPORTED = "Supported: PNG, JPG, WEBP"
MEDIA_TYPES: dict[OutputFormat, str] = {
    "png": "image/png", "webp": "image/webp", "jpeg": "image/jpeg", "avif": "image/avif"
}  # fmt: skip
_READABLE = ("PNG", "JPEG", "WEBP")
_LONGEST_PX: dict[OutputFormat, int] = {"webp": 16383, "jpeg": 65500, "avif": 65535}
"""Longest side that a format holds; PNG's is beyond any picture of ours."""
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270, 7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # fmt: skip
"""What makes a picture of each EXIF orientation upright; 1 is upright."""
_SRGB = ImageCms.createProfile("sRGB")
Image.MAX_IMAGE_PIXELS = None  # `limits.input_px` decides, from the header, before anything is decoded


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture of H x W pixels, sRGB, upright."""

    rgb: Rgb
    """(H, W, 3) uint8."""
    alpha: Alpha | None = None
    """(H, W) uint8 when some pixel is transparent, else None."""
    dpi: Dpi | None = None
    """Pixels an inch, across and down, where the file says so: advice, which no pixel depends on."""

    @property
    def size(self) -> Size:
        """Width and height in pixels."""
        return Size(self.rgb.shape[1], self.rgb.shape[0])

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


def decode(data: bytes, limits: LimitsSpec, field: str = "image") -> Picture:
    """Pixels of a PNG, JPEG or WebP file.

    Raises:
        InvalidFormat: another format, or a file that breaks off or makes no sense.
        ResolutionTooHigh: more pixels than `limits.input_px`; known from the header, before decoding.
    """
    image = _identified(data, field)
    pixels = image.width * image.height
    if pixels > limits.input_px:
        raise ResolutionTooHigh.of_field(
            field, f"Image has {pixels} pixels; at most {limits.input_px} are accepted", f"{image.width}x{image.height}"
        )
    try:
        image.load()
        return _upright(image)
    except (OSError, SyntaxError, ValueError, EOFError, IndexError) as broken:
        raise InvalidFormat.of_field(field, f"Image is damaged or incomplete. {SUPPORTED}") from broken


def encode(
    pixels: Rgba | Rgb | Alpha,
    output_format: OutputFormat,
    options: EncodeSpec | None = None,
    dpi: Dpi | None = None,
) -> bytes:
    """A picture file of (H, W, 4) straight alpha, (H, W, 3), or an (H, W) mask.

    PNG is lossless. WebP and AVIF are lossy in colour, and in alpha and masks they are not. JPEG is lossy, and takes no
    alpha. `dpi` is the picture's resolution: in whole pixels a metre for PNG, in whole pixels an inch for JPEG.

    Raises:
        ResolutionTooHigh: a side is longer than the format holds.
        ValueError: JPEG of pixels with alpha.
    """
    check_sides(Size(pixels.shape[1], pixels.shape[0]), output_format)
    if output_format == "png":
        return png.encode(pixels, dpi)
    options = options or EncodeSpec()
    image, out = Image.fromarray(pixels), io.BytesIO()
    resolution: dict[str, Any] = {"exif": exif_data(dpi)} if dpi else {}
    match output_format:
        case "webp":
            # Method 0 is 3.4 times faster than the default 4 and some 10 % larger (docs/performance.md).
            lossless, quality = pixels.ndim == 2, options.webp_quality
            image.save(
                out, "WEBP", quality=quality, lossless=lossless, alpha_quality=100, method=0, exact=True, **resolution
            )
        case "jpeg":
            image.save(out, "JPEG", quality=options.jpeg_quality, dpi=(dpi and whole(dpi)) or (0, 0))
        case "avif":
            _save_avif(image, out, options.avif_quality, resolution)
    return out.getvalue()


def check_sides(size: Size, output_format: OutputFormat) -> None:
    """Refuse a size that a format cannot hold; ResolutionTooHigh names the request's field."""
    longest, most_px = max(size.width, size.height), _LONGEST_PX.get(output_format)
    if most_px and longest > most_px:
        message = f"output_format: {output_format} holds at most {most_px} pixels on a side; png holds more"
        raise ResolutionTooHigh.of_field("output_format", message, longest)


def _save_avif(image: Image.Image, out: io.BytesIO, quality: int, more: dict[str, Any]) -> None:
    """Speed 9 of 10 takes a seventh of the default's time for a tenth more bytes."""
    if image.mode == "L":
        image.save(out, "AVIF", quality=100, subsampling="4:0:0", speed=9, **more)
    else:
        advanced = {"alpha:lossless": "1"} if image.mode == "RGBA" else {}
        image.save(out, "AVIF", quality=quality, speed=9, advanced=advanced, **more)


def without_idle_alpha(pixels: Rgba | Rgb | Alpha) -> Rgba | Rgb | Alpha:
    """The same pixels, without an alpha channel that hides nothing: it would make a PNG a sixth larger."""
    if pixels.ndim == 2 or pixels.shape[2] == 3:
        return pixels
    # Nearly every cutout's first row speaks for it, and is much sooner looked at than all of 92 MB.
    translucent = pixels[0, :, 3].min() < 255 or pixels[..., 3].min() < 255
    return pixels if translucent else pixels[..., :3]


def sniff(data: bytes) -> str:
    """The media type that the first bytes speak of, for an error's `received`."""
    head = data[:512].lstrip().lower()
    signatures = {
        b"\x89png": "image/png", b"\xff\xd8\xff": "image/jpeg", b"gif8": "image/gif", b"<svg": "image/svg+xml",
        b"<?xml": "image/svg+xml" if b"<svg" in head else "text/xml", b"<!doctype html": "text/html",
        b"<html": "text/html", b"%pdf": "application/pdf", b"bm": "image/bmp", b"ii*\x00": "image/tiff",
        b"mm\x00*": "image/tiff",
    }  # fmt: skip
    for signature, media_type in signatures.items():
        if head.startswith(signature):
            return media_type
    if head[:4] == b"riff" and head[8:12] == b"webp":
        return "image/webp"
    return "image/avif or image/heic" if head[4:8] == b"ftyp" else "unknown"


def _identified(data: bytes, field: str) -> ImageFile.ImageFile:
    if not data:
        raise InvalidFormat.of_field(field, f"Image is empty. {SUPPORTED}")
    try:
        return Image.open(io.BytesIO(data), formats=_READABLE)
    except (OSError, SyntaxError, ValueError) as unknown:
        received = sniff(data)
        broken = received in ("image/png", "image/jpeg", "image/webp")
        message = "Image is damaged or incomplete" if broken else "Invalid image format"
        raise InvalidFormat.of_field(field, f"{message}. {SUPPORTED}", received) from unknown


def _upright(image: ImageFile.ImageFile) -> Picture:
    """The pixels as EXIF says that they are to be held, and the resolution that goes with them."""
    advice = exif.read(image.info.get("exif", b""))
    turn = _TURNS.get(advice.orientation)
    dpi = _own_dpi(image) or advice.dpi
    if dpi and advice.orientation >= 5:
        dpi = dpi[1], dpi[0]
    return _picture(image.transpose(turn) if turn is not None else image, image.info, dpi)


def _own_dpi(image: ImageFile.ImageFile) -> tuple[float, float] | None:
    """PNG's pHYs or JPEG's JFIF: what the format itself says of resolution, before EXIF does."""
    if image.format == "JPEG":
        per_inch = {1: 1.0, 2: 2.54}.get(image.info.get("jfif_unit", 0), 0.0)
        across, down = image.info.get("jfif_density", (0, 0))
        return exif.dpi_of(across * per_inch, down * per_inch)
    return exif.dpi_of(*image.info["dpi"]) if image.format == "PNG" and "dpi" in image.info else None


def _picture(image: Image.Image, info: dict[Any, Any], dpi: tuple[float, float] | None) -> Picture:
    profile = info.get("icc_profile")
    if image.mode == "P" or (image.mode in "1LRGB" and "transparency" in image.info):
        image = image.convert("RGBA")
    elif image.mode == "LA":
        image = image.convert("RGBA") if profile is None else image
    alpha = np.asarray(image.getchannel("A")) if image.mode in ("RGBA", "LA") else None
    if alpha is not None and alpha.min(initial=255) == 255:
        alpha = None
    return Picture(np.asarray(_to_srgb(_eight_bits(image), profile)), alpha, dpi)


def _eight_bits(image: Image.Image) -> Image.Image:
    """L, RGB or CMYK of 8 bits a channel, without alpha."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image).astype(np.uint32) >> 8).astype(np.uint8))
    without_alpha = {"1": "L", "LA": "L", "RGBA": "RGB"}
    return _in_mode(image, without_alpha.get(image.mode, image.mode))


def _in_mode(image: Image.Image, mode: str) -> Image.Image:
    """The image itself where it has the mode already; Pillow would copy it."""
    return image if image.mode == mode else image.convert(mode)


def _to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """RGB in sRGB; `image` is L, RGB or CMYK."""
    if not profile:
        return _in_mode(image, "RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        flags = ImageCms.Flags.BLACKPOINTCOMPENSATION
        intent = ImageCms.Intent.RELATIVE_COLORIMETRIC
        converted = ImageCms.profileToProfile(image, source, _SRGB, intent, "RGB", flags=flags)
    except (ImageCms.PyCMSError, OSError, ValueError):
        # A profile that makes no sense, or belongs to another colour space, says nothing about these pixels.
        return image.convert("RGB")
    return image.convert("RGB") if converted is None else converted
