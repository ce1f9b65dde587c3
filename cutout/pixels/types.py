"""The arrays and plain values that functions on pixels take and return."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rgb: TypeAlias = NDArray[np.uint8]
"""(H, W, 3) uint8, sRGB."""
Alpha: TypeAlias = NDArray[np.uint8]
"""(H, W) uint8; 0 is background, 255 is subject."""
Rgba: TypeAlias = NDArray[np.uint8]
"""(H, W, 4) uint8, straight alpha, sRGB."""
Plane: TypeAlias = NDArray[np.float32]
"""(H, W) float32."""
OutputFormat: TypeAlias = Literal["png", "webp", "jpeg", "avif"]
MEDIA_TYPES: dict[OutputFormat, str] = {
    "png": "image/png", "webp": "image/webp", "jpeg": "image/jpeg", "avif": "image/avif"
}  # fmt: skip
Colour: TypeAlias = tuple[int, int, int]
"""Red, green, blue in 0..255, sRGB."""
Dpi: TypeAlias = tuple[float, float]
"""Resolution: pixels an inch, across and down."""
STRIP_FORMATS: frozenset[OutputFormat] = frozenset({"png", "jpeg"})
"""Formats that can be written strip by strip, without the whole picture in memory."""


@dataclass(frozen=True, slots=True)
class Size:
    """Width and height in pixels."""

    width: int
    height: int

    def times(self, factor: int) -> "Size":
        """This size, `factor` times larger on each side."""
        return Size(self.width * factor, self.height * factor)


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle of a picture, in pixels from its top left corner."""

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """First column to the right of it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row below it."""
        return self.top + self.height


@dataclass(frozen=True, slots=True)
class Matte:
    """A backend's result for one picture of H x W pixels."""

    alpha: Alpha
    """(H, W) uint8, of the picture's size."""
    rgb: Rgb | None = None
    """(H, W, 3) foreground colours, when the model estimates them; None: the picture's own."""
    cost_usd: float | None = None
    """What the provider charged; None: the registry's price."""
    note: str | None = None
    """A remark for the caller, such as that the picture was shrunk to a provider's limits."""
