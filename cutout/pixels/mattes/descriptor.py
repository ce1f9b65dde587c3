"""A matte's descriptor, by which it is compared with others of the same picture: some kilobytes, whatever its size."""

import base64
import io
import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from cutout.pixels.types import Alpha

SHRINK, SIDE_PX = 4, 256
"""Mattes are compared at a quarter of their size, or less, so that no side is longer: what is finer has measures of its
own."""


@dataclass(frozen=True, slots=True)
class MatteDescriptor:
    """What a comparison needs of a matte."""

    matte: str
    """The matte, shrunk: a PNG in base64, since it is also stored as JSON."""
    sharpness: float
    """0 to 1; see `sharpness`."""
    edge_alignment: float
    """0 to 1; see edges.py."""


def shrunk(alpha: Alpha) -> Alpha:
    """A matte, (H, W), bytes, as small as it is compared; its pixels are means."""
    factor = max(SHRINK, math.ceil(max(alpha.shape) / SIDE_PX))
    return np.asarray(Image.fromarray(alpha).reduce(factor))


def packed(small: Alpha) -> str:
    """A shrunk matte as text."""
    file = io.BytesIO()
    Image.fromarray(small).save(file, "PNG", compress_level=1)
    return base64.b64encode(file.getvalue()).decode()


def unpacked(text: str) -> Alpha:
    """What `packed` was given."""
    with Image.open(io.BytesIO(base64.b64decode(text))) as picture:
        return np.asarray(picture)


def sharpness(alpha: Alpha) -> float:
    """1 - sum(4a(1 - a)) / sum(a), at least 0: 1 of a binary matte, 0 of an empty one. `alpha` is (H, W), bytes."""
    value = np.arange(256) / 255
    count = np.array(Image.fromarray(alpha).histogram())
    total = float(count @ value)
    return max(0.0, 1 - float(count @ (4 * value * (1 - value))) / total) if total else 0.0
