"""What is made of a picture, in the form in which an order of a durable job has it: pictures are names in the store."""

from dataclasses import dataclass, fields
from typing import Any, Self

from cutout.pixels.crop import Margin
from cutout.pixels.finish import AS_IT_IS, Edge, Finish
from cutout.pixels.picture import Picture
from cutout.pixels.plain import USUAL_LPI, AlphaMode, Colour, EnlargingMethod, Fit, OutputType, Size


@dataclass(frozen=True, slots=True)
class StoredFinish:
    """A finish whose background, where it is a picture, is in the store."""

    output_type: OutputType
    background: Colour | str | None
    """A colour, or a picture's name in the store."""
    crop: bool
    margin: Margin
    blur: bool = False
    canvas: Size | None = None
    edge: Edge = AS_IT_IS
    shadow_percent: int = 0
    quality: int | None = None
    dpi: float | None = None
    fit: Fit = "fit"
    least_dpi: float | None = None
    alpha: AlphaMode = "soft"
    halftone_lpi: float = USUAL_LPI

    @classmethod
    def of(cls, finish: Finish, name: str) -> Self:
        """The finish as it is stored, with its background's picture, if it has one, under that name."""
        behind = name if isinstance(finish.background, Picture) else finish.background
        return cls(**{**_fields(finish), "background": behind})

    def finish(self, picture: Picture | None = None) -> Finish:
        """The finish, with its background's picture."""
        behind = picture if isinstance(self.background, str) else self.background
        return Finish(**{**_fields(self), "background": behind})


def _fields(finish: Finish | StoredFinish) -> dict[str, Any]:
    """The fields by name, which are the same of both."""
    return {one.name: getattr(finish, one.name) for one in fields(finish)}


@dataclass(frozen=True, slots=True)
class StoredEnlargement:
    """How the caller's own picture is enlarged."""

    factor: int
    """2 or 4."""
    preserve_alpha: bool
    method: EnlargingMethod = "lanczos"
