"""A cutout without a model: what differs in colour from the border of the picture is the subject."""

import io
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageFilter

NEAR, FAR = 24.0, 72.0
"""Distance from the border's colour, in 0..441: nearer is background, farther is subject, in between a soft ramp."""

Cut: TypeAlias = Callable[[bytes, str], Image.Image]
"""Cuts a picture file out, as the model of this name would."""


def cutout(data: bytes, model: str = "") -> Image.Image:
    """RGBA of a PNG, JPEG or WebP file: its own colours, and alpha by distance from the border's mean colour."""
    rgb = Image.open(io.BytesIO(data)).convert("RGB")
    pixels = np.asarray(rgb)
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]]).mean(axis=0, dtype=np.float32)
    squares = ((pixels[..., channel] - border[channel]) ** 2 for channel in range(3))
    ramp = np.clip((np.sqrt(sum(squares)) - NEAR) / (FAR - NEAR), 0, 1)
    alpha = Image.fromarray((ramp * ramp * (3 - 2 * ramp) * 255).astype(np.uint8))
    rgb.putalpha(alpha.filter(ImageFilter.GaussianBlur(0.5)))
    return rgb


def encoded(picture: Image.Image, kind: str = "png") -> bytes:
    """A file of it; a JPEG loses its transparency, as it does at the providers."""
    out = io.BytesIO()
    (picture.convert("RGB") if kind == "jpeg" else picture).save(out, kind, compress_level=1)
    return out.getvalue()


def shrunk(picture: Image.Image, max_px: int) -> Image.Image:
    """The picture with at most so many pixels."""
    scale = min(1.0, (max_px / (picture.width * picture.height)) ** 0.5)
    return picture.resize((max(1, int(picture.width * scale)), max(1, int(picture.height * scale))))


def facts(data: bytes) -> dict[str, Any]:
    """What a test may ask about a picture that was sent."""
    if not data:
        return {"bytes": 0}
    with Image.open(io.BytesIO(data)) as picture:
        return {"format": picture.format, "size": picture.size, "bytes": len(data)}
