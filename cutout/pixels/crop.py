"""The part of a cutout that is shown: its subject's box, and the margin around it."""

import re
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np

from cutout.errors import ValidationError
from cutout.pixels.types import Alpha, Box, Rgba, Size

SEEN = 8
"""Least alpha, of 255, that belongs to a subject: networks leave 1 or 2 % nearly everywhere, which nobody sees."""
MOST_PX, MOST_PERCENT = 500, 50
"""Widest margin on a side; as remove.bg's crop_margin."""
EXPECTED = f"one, two or four of `30px` or `10%` expected, at most {MOST_PX}px or {MOST_PERCENT}%"
_LENGTH = re.compile(r"(\d{1,4}(?:\.\d{1,3})?)(px|%)?")


@dataclass(frozen=True, slots=True)
class Length:
    """Of one side's margin: pixels of the result, or percent of the subject's size along that side's direction."""

    value: float = 0.0
    unit: Literal["px", "%"] = "px"

    def px(self, subject_px: int) -> int:
        """In whole pixels, for a subject of that width or height."""
        return round(self.value if self.unit == "px" else self.value * subject_px / 100)


@dataclass(frozen=True, slots=True)
class Margin:
    """Room around the subject. Where it reaches beyond the picture, it is empty."""

    top: Length = Length()
    right: Length = Length()
    bottom: Length = Length()
    left: Length = Length()

    @classmethod
    def of(cls, text: str, field: str = "crop_margin") -> Self:
        """As CSS has it: one value for all sides, two for top and bottom, left and right, or four from the top on.

        Raises:
            ValidationError: anything else; it names `field`.
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
        """The box with this margin; it may reach beyond the picture."""
        left, top = self.left.px(box.width), self.top.px(box.height)
        width = left + box.width + self.right.px(box.width)
        height = top + box.height + self.bottom.px(box.height)
        return Box(box.left - left, box.top - top, width, height)


def subject_box(alpha: Alpha) -> Box | None:
    """The smallest box with every pixel of (H, W) `alpha` that is at least SEEN; None when there is none."""
    seen = alpha >= SEEN
    rows, columns = np.flatnonzero(seen.any(axis=1)), np.flatnonzero(seen.any(axis=0))
    if not rows.size:
        return None
    top, left = int(rows[0]), int(columns[0])
    return Box(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)


def enlarged(box: Box, factor: int, size: Size) -> Box:
    """The box after an enlargement of a picture of that size: with half a pixel of the old ones, its new soft edge.

    Measured anew it would be wider by Lanczos' ringing, which nobody sees.
    """
    edge = factor // 2
    left, top = max(0, box.left * factor - edge), max(0, box.top * factor - edge)
    right = min(size.width * factor, box.right * factor + edge)
    bottom = min(size.height * factor, box.bottom * factor + edge)
    return Box(left, top, right - left, bottom - top)


def cropped(rgba: Rgba, frame: Box) -> Rgba:
    """The (frame.height, frame.width, 4) part of a picture; empty where the frame reaches beyond it."""
    height, width = rgba.shape[:2]
    rows = slice(max(0, frame.top), min(height, frame.bottom))
    columns = slice(max(0, frame.left), min(width, frame.right))
    part = np.zeros((frame.height, frame.width, 4), np.uint8)
    part[rows.start - frame.top : rows.stop - frame.top, columns.start - frame.left : columns.stop - frame.left] = rgba[
        rows, columns
    ]
    return part


def largest(margin: Margin, size: Size) -> Size:
    """The size of a crop whose subject fills a picture of that size."""
    frame = margin.around(Box(0, 0, size.width, size.height))
    return Size(frame.width, frame.height)


def _length(text: str, field: str, whole: str) -> Length:
    found = _LENGTH.fullmatch(text)
    if found:
        value, unit = float(found[1]), found[2] or "px"
        if value <= (MOST_PX if unit == "px" else MOST_PERCENT):
            return Length(value, "px" if unit == "px" else "%")
    raise ValidationError.of_field(field, f"{field}: {EXPECTED}", whole)
