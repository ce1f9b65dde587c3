"""How a cutout of this process becomes a file, as the finish of a request to a service says it."""

import os
from dataclasses import dataclass

from cutout.errors import ValidationError
from cutout.limits import LimitsSpec
from cutout.models.registry import Registry
from cutout.pixels.crop import Margin
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.encoding.encode import encode
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.finish import Edge, Finish, check_screen, colour
from cutout.pixels.finishing.finished import finished
from cutout.pixels.picture import Picture
from cutout.pixels.plain import USUAL_LPI, Colour, OutputFormat
from cutout.pixels.semi_transparent import share_of
from cutout.pixels.types import Rgba
from cutout.presets import canvas_of
from cutout_client.options import JobOptions
from cutout_client.pictures import Background

BLUR = "blur"


@dataclass(frozen=True, slots=True)
class FinishedFile:
    """The file of a cutout."""

    encoded: bytes
    semi_transparent: float
    """Share of its pixels, but for the fully transparent ones, that are not opaque."""


@dataclass(frozen=True, slots=True)
class Finishing:
    """A finish, and a format with its quality."""

    finish: Finish
    output_format: OutputFormat
    encoding: EncodeSpec

    @classmethod
    def of(cls, options: JobOptions, registry: Registry) -> "Finishing":
        """The finish that a request with these options gets.

        Raises:
            ValidationError: a background that is neither a colour nor a file, or a wrong margin or canvas.
            InvalidFormat: a background that is not a picture.
        """
        behind = options.get("background")
        size = (options.get("canvas"), options.get("inches"), options.get("dpi"), options.get("least_dpi"))
        canvas = canvas_of(*size, registry.presets)
        finish = Finish(
            output_type=options.get("output_type", "cutout"),
            background=None if behind is None or behind == BLUR else _background(behind, registry.service.limits),
            blur=behind == BLUR,
            crop=options.get("crop", False),
            margin=Margin.of(options.get("crop_margin", "0px")),
            canvas=canvas.size,
            fit=options.get("fit", "fit"),
            edge=Edge(options.get("edge_choke", 0)),
            dpi=canvas.dpi,
            least_dpi=canvas.least_dpi,
            alpha=options.get("alpha", "soft"),
            halftone_lpi=options.get("halftone_lpi", USUAL_LPI),
        )
        check_screen(finish)
        encoding = registry.service.encode.at(options.get("quality"))
        return cls(finish, options.get("output_format", "png"), encoding)

    def file(self, rgba: Rgba, photograph: Picture) -> FinishedFile:
        """The picture file of an (H, W, 4) cutout of a photograph."""
        made = finished(rgba, self.finish, photograph).pixels
        encoded = encode(made, self.output_format, self.encoding, self.finish.resolution(photograph.dpi))
        return FinishedFile(encoded, share_of(made))


def _background(given: Background, limits: LimitsSpec) -> Colour | Picture:
    if isinstance(given, str):
        found = colour(given)
        if found is None:
            raise ValidationError(f"background: a colour such as #ff8800 or a CSS colour name expected, not {given!r}")
        return found
    if isinstance(given, os.PathLike):
        with open(given, "rb") as file:
            return decode(file.read(), limits)
    return decode(given if isinstance(given, bytes) else given.read(), limits)
