"""Cropping: the subject's bounding box, the margin around it, a region of a picture, what fits a canvas or fills it."""

import re
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from cutout.errors import ValidationError
from cutout.pixels.plain import Box, Fit, Size
from cutout.pixels.types import Alpha, Rgba

SEEN = 8
"""Least alpha, of 255, that counts as subject: networks leave an invisible 1 or 2 % nearly everywhere."""
MOST_PX, MOST_PERCENT = 500, 50
"""Largest margin on a side; as in remove.bg's crop_margin."""
EXPECTED = f"one, two or four of `30px` or `10%` expected, at most {MOST_PX}px or {MOST_PERCENT}%"
_LENGTH = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)(px|%)?")


@dataclass(frozen=True, slots=True)
class Length:
    """A length along one side: in pixels, or in percent of the width or height that it belongs to."""

    value: float = 0.0
    unit: Literal["px", "%"] = "px"

    def px(self, whole_px: int) -> int:
        """In whole pixels, of that width or height."""
        return round(self.value if self.unit == "px" else self.value * whole_px / 100)


@dataclass(frozen=True, slots=True)
class Margin:
    """The margins around the subject. What lies outside the picture is transparent."""

    top: Length = Length()
    right: Length = Length()
    bottom: Length = Length()
    left: Length = Length()

    @classmethod
    def of(cls, text: str, field: str = "crop_margin") -> Self:
        """As in CSS: one value for all sides; two for top and bottom, left and right; or four, clockwise from the top.

        Raises:
            ValidationError: anything else; the error names `field`.
        """
        lengths = [_length(part, field, text) for part in text.split()]
        match lengths:
            case [every]:
                return cls(every, every, every, every)
            case [vertical, horizontal]:
                return cls(vertical, horizontal, vertical, horizontal)
            case [top, right, bottom, left]:
                return cls(top, right, bottom, left)
        raise ValidationError.of_field(field, f"{field}: {EXPECTED}", text)

    def around(self, box: Box) -> Box:
        """The box with these margins; it may extend beyond the picture."""
        left, top = self.left.px(box.width), self.top.px(box.height)
        width = left + box.width + self.right.px(box.width)
        height = top + box.height + self.bottom.px(box.height)
        return Box(box.left - left, box.top - top, width, height)


@dataclass(frozen=True, slots=True)
class Region:
    """A rectangle by two corners, in pixels or percent of a picture's sides."""

    left: Length
    top: Length
    right: Length
    bottom: Length

    def within(self, size: Size) -> Box:
        """In whole pixels of a picture of that size; it may be empty, or extend beyond the picture."""
        left, top = self.left.px(size.width), self.top.px(size.height)
        return Box(left, top, self.right.px(size.width) - left, self.bottom.px(size.height) - top)


def subject_box(alpha: Alpha) -> Box | None:
    """The bounding box of all pixels of (H, W) `alpha` that are at least SEEN; None when there are none."""
    seen = alpha >= SEEN
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return None
    top, left = int(rows[0]), int(columns[0])
    return Box(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def enlarged(box: Box, factor: int, size: Size) -> Box:
    """The box in a picture of that size enlarged by `factor`, with half a source pixel around it for its soft edge.

    Measured in the result it would be wider, by the invisible ringing of Lanczos.
    """
    edge = factor // 2
    left, top = max(0, box.left * factor - edge), max(0, box.top * factor - edge)
    right = min(size.width * factor, box.right * factor + edge)
    bottom = min(size.height * factor, box.bottom * factor + edge)
    return Box(left, top, right - left, bottom - top)


def cropped(rgba: Rgba, frame: Box) -> Rgba:
    """The (frame.height, frame.width, 4) part of a picture; transparent where the frame extends beyond it."""
    height, width = rgba.shape[:2]
    rows = slice(max(0, frame.top), min(height, frame.bottom))
    columns = slice(max(0, frame.left), min(width, frame.right))
    part = np.zeros((frame.height, frame.width, 4), np.uint8)
    part[rows.start - frame.top : rows.stop - frame.top, columns.start - frame.left : columns.stop - frame.left] = rgba[
        rows, columns
    ]
    return part


def with_margin(rgba: Rgba, box: Box, margin: Margin) -> tuple[Rgba, Box, Box]:
    """The part of a cutout around a box; the box within that part; and the part, as a box of the whole."""
    frame = margin.around(box)
    return cropped(rgba, frame), Box(box.left - frame.left, box.top - frame.top, box.width, box.height), frame


def largest(margin: Margin, size: Size) -> Size:
    """The size of a crop when the subject fills a picture of that size: no crop is larger."""
    frame = margin.around(Box(0, 0, size.width, size.height))
    return Size(frame.width, frame.height)


def room(canvas: Size, margin: Margin) -> Box:
    """The canvas less its margin, in pixels or percent of it; at least one pixel is left."""
    left, right = (side.px(canvas.width) for side in (margin.left, margin.right))
    top, bottom = (side.px(canvas.height) for side in (margin.top, margin.bottom))
    return Box(left, top, max(1, canvas.width - left - right), max(1, canvas.height - top - bottom))


def scale(part: Size, free: Size, fit: Fit) -> float:
    """By how much a part is enlarged on each side to fit into the free space, or to fill it."""
    across, down = free.width / part.width, free.height / part.height
    return min(across, down) if fit == "fit" else max(across, down)


def middle(part: Box, free: Size) -> Box:
    """The middle of the part that has the shape of the free space, in whole pixels."""
    larger = scale(part.size, free, "fill")
    width = min(part.width, max(1, round(free.width / larger)))
    height = min(part.height, max(1, round(free.height / larger)))
    return Box(part.left + (part.width - width) // 2, part.top + (part.height - height) // 2, width, height)


def _length(text: str, field: str, whole: str) -> Length:
    found = _LENGTH.fullmatch(text)
    if found:
        value, unit = float(found[1]), found[2] or "px"
        if value <= (MOST_PX if unit == "px" else MOST_PERCENT):
            return Length(value, "px" if unit == "px" else "%")
    raise ValidationError.of_field(field, f"{field}: {EXPECTED}", whole)
