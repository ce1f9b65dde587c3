"""How remove.bg writes a region, a scale, a place, an opacity and a colour; ValueErrors say what is expected."""

import re
from typing import Any, Literal, TypeAlias

from cutout.pixels.crop import Length, Region
from cutout.pixels.finish import colour
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Colour

Position: TypeAlias = tuple[float, float] | Literal["original"]
"""Shares of the free space, as in Arrangement.place; or where the subject is."""
Background: TypeAlias = tuple[Colour, int] | Picture | None
"""A colour with its alpha, or a picture."""
_LENGTH = re.compile(r"(\d{1,6}(?:\.\d{1,6})?)(px|%)")
_HEX = re.compile(r"#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})")


def region(text: Any) -> Region:
    """`x1 y1 x2 y2`, each number with px or %; `0` needs none: the Python client `removebg` sends `0 0 100% 100%`."""
    parts = ["0px" if part == "0" else part for part in str(text).split()]
    found = [part for part in map(_LENGTH.fullmatch, parts) if part]
    if len(found) != 4 or len(found) != len(parts):
        raise ValueError("two corners `x1 y1 x2 y2` expected, each number with px or %")
    return Region(*(Length(float(part[1]), "px" if part[2] == "px" else "%") for part in found))


def scale(text: Any) -> float | None:
    """`10%` to `100%` as a share; `original` is None."""
    if text == "original":
        return None
    share = _share(text)
    if share is None or share < 0.1:
        raise ValueError("`original`, or `10%` to `100%` expected")
    return share


def position(text: Any) -> Position:
    """`original`, `center`, or one or two of `0%` to `100%`: across and down."""
    if text in ("original", "center"):
        return "original" if text == "original" else (0.5, 0.5)
    match [_share(part) for part in str(text).split()]:
        case [float(both)]:
            return both, both
        case [float(across), float(down)]:
            return across, down
    raise ValueError("`original`, `center`, or one or two of `0%` to `100%` expected")


def opacity(text: Any) -> int | None:
    """`0` to `100`, in percent; `auto` is None."""
    if text == "auto":
        return None
    if not re.fullmatch(r"\d{1,3}", str(text)) or int(text) > 100:
        raise ValueError("`0` to `100`, or `auto` expected")
    return int(text)


def background(text: Any) -> tuple[Colour, int]:
    """A colour and its alpha, 0..255: 3, 4, 6 or 8 hexadecimal digits with or without `#`, or a CSS name."""
    name = str(text).strip().lower()
    if found := _HEX.fullmatch(name):
        digits = found[1] if len(found[1]) > 4 else "".join(digit * 2 for digit in found[1])
        red, green, blue, alpha = bytes.fromhex(digits.ljust(8, "f"))
        return (red, green, blue), alpha
    if known := colour(name):
        return known, 255
    raise ValueError("3, 4, 6 or 8 hexadecimal digits, or a colour's name expected")


def _share(text: Any) -> float | None:
    found = _LENGTH.fullmatch(str(text))
    value = float(found[1]) / 100 if found and found[2] == "%" else None
    return value if value is not None and value <= 1 else None
