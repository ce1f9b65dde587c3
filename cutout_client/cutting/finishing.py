"""How a cutout of this process becomes a file, as the finish of a request to a service says it."""

import os
from dataclasses import dataclass

from cutout.errors import ValidationError
from cutout.limits import LimitsSpec
from cutout.pixels.crop import Margin
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.encoding.encode import encode
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.finish import Finish, colour
from cutout.pixels.finishing.finished import finished
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Colour, Dpi, OutputFormat
from cutout.pixels.types import Rgba
from cutout.service import ServiceSpec
from cutout_client.options import JobOptions
from cutout_client.pictures import Background


@dataclass(frozen=True, slots=True)
class Finishing:
    """A finish, and a format with its quality."""

    finish: Finish
    output_format: OutputFormat
    encoding: EncodeSpec

    @classmethod
    def of(cls, options: JobOptions, quality: int | None, service: ServiceSpec) -> "Finishing":
        """The finish that a request with these options gets, in files of a quality, or of the configured one.

        Raises:
            ValidationError: a background that is neither a colour nor a file, or a wrong margin.
            InvalidFormat: a background that is not a picture.
        """
        background = options.get("background")
        finish = Finish(
            output_type=options.get("output_type", "cutout"),
            background=None if background is None else _background(background, service.limits),
            crop=options.get("crop", False),
            margin=Margin.of(options.get("crop_margin", "0px")),
        )
        output_format = options.get("output_format", "png")
        chosen = {} if quality is None else {f"{output_format}_quality": quality}
        return cls(finish, output_format, service.encode.model_copy(update=chosen))

    def file(self, rgba: Rgba, dpi: Dpi | None) -> bytes:
        """The picture file of an (H, W, 4) cutout."""
        return encode(finished(rgba, self.finish).pixels, self.output_format, self.encoding, dpi)


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
