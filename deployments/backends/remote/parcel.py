"""Fits a picture to a provider's limits, and makes a matte of the result.

For a matte, resolution matters more than exact colour. A picture that is too large in bytes as PNG is sent as JPEG (or
WebP), and shrunk only if that is still too large.

A picture below the provider's shortest side is enlarged, and the matte is resized back. Only if enlarging would exceed
another limit (a strip 4096 px long and 100 px wide), it is padded by repeating its edge, which adds no visible border;
the padding is cut off the matte.
"""

import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cutout.pixels.encoding.png import encode
from cutout.pixels.ground import shown
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Size
from cutout.pixels.resizing.resize import resize_alpha, resize_rgb
from cutout.pixels.types import Alpha, Matte, Rgb
from deployments.backends.remote.options import LimitsForm

QUALITIES = (95, 85)
"""Qualities of JPEG and WebP that are tried, in this order; colour is not subsampled."""


@dataclass(frozen=True, slots=True)
class Parcel:
    """A picture as it is sent."""

    data: bytes
    media_type: str
    size: Size
    """Of the picture, without padding."""
    padded: Size
    """Of the file: `size` with the padding on the right and below."""
    exact: bool
    """Whether the file has exactly the pixels of the picture."""

    @property
    def file_name(self) -> str:
        """A file name with the extension of the format."""
        return "picture." + self.media_type.removeprefix("image/")


def pack(picture: Picture, limits: LimitsForm) -> Parcel:
    """The picture, encoded within the limits; transparent pictures are put on a ground, as for a local model."""
    rgb, size = shown(picture), fitted(picture.size, limits)
    while True:
        content = rgb if size == picture.size else resize_rgb(rgb, size)
        padded = _padded(content, limits.min_side_px or 1)
        data, media_type = _encoded(padded, limits)
        if limits.max_bytes is None or len(data) <= limits.max_bytes:
            exact = media_type == "image/png" and size == picture.size and picture.alpha is None
            return Parcel(data, media_type, size, Size(padded.shape[1], padded.shape[0]), exact)
        size = _scaled(size, min(0.9, 0.95 * math.sqrt(limits.max_bytes / len(data))))


def unpack(answer: Picture, parcel: Parcel, picture: Picture) -> Matte:
    """The matte of a picture, from the provider's cutout of it.

    The cutout's colours are used if the provider was sent exactly the pixels of the picture; otherwise the picture's,
    which have neither JPEG artefacts nor the ground of `shown`.
    """
    alpha = np.full(answer.rgb.shape[:2], 255, np.uint8) if answer.alpha is None else answer.alpha
    if answer.size == parcel.padded and parcel.size == picture.size:
        rgb = answer.rgb if parcel.exact and parcel.padded == parcel.size else None
        return Matte(alpha[: parcel.size.height, : parcel.size.width], rgb)
    seen, full = min(answer.size, parcel.size, key=lambda size: size.width), picture.size
    note = (
        f"The provider saw the picture at {seen.width}x{seen.height} px; "
        f"its alpha was put on the original of {full.width}x{full.height} px."
    )
    return Matte(_brought_back(alpha, parcel, full), note=note)


def fitted(size: Size, limits: LimitsForm) -> Size:
    """The size at which a picture is sent: shrunk to the limits, or enlarged if that exceeds none of them."""
    longest, shortest = max(size.width, size.height), min(size.width, size.height)
    max_side, max_px = limits.max_side_px or math.inf, limits.max_px or math.inf
    scale = min(1.0, max_side / longest, math.sqrt(max_px / (size.width * size.height)))
    larger = (limits.min_side_px or 1) / shortest
    if larger > 1 and longest * larger <= max_side and size.width * size.height * larger**2 <= max_px:
        scale = larger
    return _scaled(size, scale)


def _scaled(size: Size, scale: float) -> Size:
    # Rounded down, so that no limit is exceeded; the small number offsets floating-point error.
    return Size(max(1, int(size.width * scale + 1e-6)), max(1, int(size.height * scale + 1e-6)))


def _padded(rgb: Rgb, min_side_px: int) -> Rgb:
    missing = [(0, max(0, min_side_px - side)) for side in rgb.shape[:2]]
    return np.pad(rgb, [*missing, (0, 0)], mode="edge") if any(after for _, after in missing) else rgb


def _encoded(rgb: Rgb, limits: LimitsForm) -> tuple[bytes, str]:
    """A file and its media type: the best that fits `max_bytes`, or else the smallest."""
    allowed = limits.max_bytes or math.inf
    lossy = next((kind for kind in ("jpeg", "webp") if kind in limits.formats), None)
    if "png" in limits.formats:
        data = encode(rgb)
        if len(data) <= allowed or lossy is None:
            return data, "image/png"
    for quality in QUALITIES:
        out = io.BytesIO()
        Image.fromarray(rgb).save(out, str(lossy), quality=quality, **({"subsampling": 0} if lossy == "jpeg" else {}))
        if out.tell() <= allowed:
            break
    return out.getvalue(), f"image/{lossy}"


def _brought_back(alpha: Alpha, parcel: Parcel, full: Size) -> Alpha:
    """Alpha of the result, resized to the picture: to the size that was sent, without padding, to full size."""
    if parcel.padded != parcel.size:
        alpha = _resized(alpha, parcel.padded)[: parcel.size.height, : parcel.size.width]
    return _resized(alpha, full)


def _resized(alpha: Alpha, size: Size) -> Alpha:
    return alpha if alpha.shape == (size.height, size.width) else resize_alpha(np.ascontiguousarray(alpha), size)
