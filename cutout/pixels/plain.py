"""Values of pictures without arrays: sizes, boxes, colours, formats. The client has them without installing numpy."""

from dataclasses import dataclass
from typing import Literal, TypeAlias

OutputFormat: TypeAlias = Literal["png", "webp", "jpeg", "avif"]
MEDIA_TYPES: dict[OutputFormat, str] = {
    "png": "image/png", "webp": "image/webp", "jpeg": "image/jpeg", "avif": "image/avif"
}  # fmt: skip
STRIP_FORMATS: frozenset[OutputFormat] = frozenset({"png", "jpeg"})
"""Formats that can be written strip by strip, without the whole picture in memory."""
OutputType: TypeAlias = Literal["cutout", "mask", "both"]
KernelMethod: TypeAlias = Literal["lanczos", "lanczos_sharp"]
"""Lanczos3; or the same made consistent with its source by back-projection (resizing/back_projection.py)."""
EnlargingMethod: TypeAlias = Literal[KernelMethod, "detail"]
"""By a kernel; or by a network (resizing/detail.py)."""
Fit: TypeAlias = Literal["fit", "fill"]
"""What is shown is as large as the canvas allows; or it covers the canvas, and what is beyond is cut off."""
AlphaMode: TypeAlias = Literal["soft", "hard", "halftone"]
"""Alpha as it is; cut at one half; or as a screen of dots that are opaque."""
TransparencyHandling: TypeAlias = Literal["intersect_alpha", "return_input_if_non_opaque", "discard_alpha_layer"]
"""For a picture that is transparent already: the model's alpha, limited to the picture's own; the picture's own alone;
or the model's alone, for all colours as if they were opaque, including those under alpha 0."""
Colour: TypeAlias = tuple[int, int, int]
"""Red, green, blue in 0..255, sRGB."""
Dpi: TypeAlias = tuple[float, float]
"""Resolution: pixels an inch, across and down."""
MOST_DPI, MOST_CHOKE_PX, MOST_FEATHER_PX = 2400, 10, 50
"""Limits of a finish."""
PRINT_DPI = 300.0
"""Resolution of a print that names none."""
LEAST_LPI, USUAL_LPI, MOST_LPI = 10.0, 45.0, 150.0
"""Lines per inch of a halftone; on textiles 35 to 65 are usual."""


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
    def size(self) -> Size:
        """Width and height."""
        return Size(self.width, self.height)

    @property
    def right(self) -> int:
        """First column to the right of it."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """First row below it."""
        return self.top + self.height
