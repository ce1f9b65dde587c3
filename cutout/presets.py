"""The fields of configs/presets.yaml: canvases by name, for shops, prints and posts."""

from typing import Annotated, TypeAlias

from pydantic import Field, PositiveFloat, PositiveInt, RootModel, StringConstraints

from cutout.pixels.plain import MOST_DPI, Size
from cutout.spec import Spec

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
