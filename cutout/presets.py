"""The fields of configs/presets.yaml: canvases by name, for shops, prints and posts."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from pydantic import Field, PositiveFloat, PositiveInt, RootModel, StringConstraints

from cutout.errors import ValidationError
from cutout.pixels.plain import MOST_DPI, PRINT_DPI, Size
from cutout.spec import Spec

_SIZE = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")
_INCHES = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)x(\d{1,3}(?:\.\d{1,3})?)")
PresetId: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,62}$")]
"""The name of a canvas in requests."""


class PresetSpec(Spec):
    """One canvas."""

    name: str = Field(min_length=1, description="The name shown to people.")
    width: PositiveInt = Field(description="In pixels.")
    height: PositiveInt = Field(description="In pixels.")
    dpi: PositiveFloat | None = Field(
        None, le=MOST_DPI, description="Resolution written to the file; none: not stated."
    )

    @property
    def size(self) -> Size:
        """Width and height."""
        return Size(self.width, self.height)


class PresetsFile(RootModel[dict[PresetId, PresetSpec]]):
    """configs/presets.yaml."""


@dataclass(frozen=True, slots=True)
class Canvas:
    """What a result is laid on."""

    size: Size | None
    """In pixels; None: there is no canvas."""
    dpi: float | None
    """Resolution of the result; None: not stated."""
    least_dpi: float | None
    """Least resolution of the picture itself on a print of that size; None: any will do."""


def canvas_of(
    canvas: str | None,
    inches: str | None,
    dpi: float | None,
    least_dpi: float | None,
    presets: Mapping[str, PresetSpec],
) -> Canvas:
    """What a request's four fields say: `canvas` a preset's name or `WIDTHxHEIGHT` in pixels, `inches` of a print.

    A print has 300 dots per inch, or `dpi`; unless `least_dpi` says less, the picture needs as many of its own.

    Raises:
        ValidationError: anything else, or fields that do not go together; it names the field.
    """
    if canvas is not None and inches is not None:
        raise ValidationError.of_field("inches", "Only one of canvas and inches is expected", inches)
    if inches is not None:
        dpi = dpi or PRINT_DPI
        return Canvas(_print_size(inches, dpi), dpi, least_dpi or dpi)
    size, usual_dpi = _size_of(canvas, presets)
    dpi = dpi or usual_dpi
    if least_dpi is not None and (size is None or dpi is None):
        message = "least_dpi: inches, or a canvas with a dpi, is expected with it"
        raise ValidationError.of_field("least_dpi", message, least_dpi)
    return Canvas(size, dpi, least_dpi)


def _size_of(canvas: str | None, presets: Mapping[str, PresetSpec]) -> tuple[Size | None, float | None]:
    """The size of a canvas, and the resolution of a preset; none of no text."""
    if canvas is None:
        return None, None
    if preset := presets.get(canvas):
        return preset.size, preset.dpi
    if size := _SIZE.fullmatch(canvas):
        return Size(int(size[1]), int(size[2])), None
    known = f"a preset ({', '.join(presets)}) or " if presets else ""
    raise ValidationError.of_field("canvas", f"canvas: {known}WIDTHxHEIGHT in pixels expected", canvas)


def _print_size(inches: str, dpi: float) -> Size:
    """In pixels, of `WIDTHxHEIGHT` in inches."""
    found = _INCHES.fullmatch(inches)
    sides = [round(float(side) * dpi) for side in found.groups()] if found else []
    if not found or min(sides) < 1:
        raise ValidationError.of_field("inches", "inches: WIDTHxHEIGHT expected, such as 12x16 or 8.5x11", inches)
    return Size(*sides)
