"""The fields of configs/presets.yaml: canvases by name, for shops, prints and posts."""

import re
from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import Field, PositiveFloat, PositiveInt, RootModel, StringConstraints

from cutout.errors import ValidationError
from cutout.pixels.plain import MOST_DPI, Size
from cutout.spec import Spec

_SIZE = re.compile(r"([1-9]\d{0,4})x([1-9]\d{0,4})")
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


def canvas_of(text: str | None, presets: Mapping[str, PresetSpec]) -> tuple[Size | None, float | None]:
    """The size of a canvas and its resolution, by a preset's name or as `WIDTHxHEIGHT`; none of no text.

    Raises:
        ValidationError: anything else; it names the field `canvas`.
    """
    if text is None:
        return None, None
    if preset := presets.get(text):
        return preset.size, preset.dpi
    if size := _SIZE.fullmatch(text):
        return Size(int(size[1]), int(size[2])), None
    known = f"a preset ({', '.join(presets)}) or " if presets else ""
    raise ValidationError.of_field("canvas", f"canvas: {known}WIDTHxHEIGHT in pixels expected", text)
