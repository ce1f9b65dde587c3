"""Which results may be made of a picture: refused before any model is paid for what could not be returned."""

from dataclasses import dataclass

from cutout.errors import ResolutionTooHigh
from cutout.jobs import Enlargement, Output
from cutout.limits import LimitsSpec
from cutout.pixels.encoding.encode import check_sides
from cutout.pixels.finish import Finish, check_format
from cutout.pixels.plain import STRIP_FORMATS, Size

SMALLEST_FACTOR = 2
"""Pictures are enlarged by 2 or 4."""


@dataclass(frozen=True, slots=True)
class OutputLimits:
    """The operator's limits on results, and those of their file formats."""

    limits: LimitsSpec

    def check(self, output: Output, size: Size) -> None:
        """Refuse an output that could not be made of a picture of this size.

        Raises:
            ValidationError: the format does not go with the finish.
            ImageTooLarge: the result would be too large; the details name the request's field.
        """
        finish, factor, in_strips = output.finish or Finish(), output.factor or 1, output.is_made_in_strips
        check_format(finish.output_type, output.format, has_background=finish.background is not None)
        self.check_size(size, factor, in_strips=in_strips)
        largest = finish.largest(size.times(factor))
        self.check_size(largest, 1, "crop_margin", in_strips=in_strips)
        check_sides(largest, output.format)

    def check_enlargement(self, job: Enlargement, size: Size) -> None:
        """Refuse an enlargement that could not be made of a picture of this size; raises ImageTooLarge."""
        self.check_size(size, job.factor, "scale_factor", in_strips=job.output_format in STRIP_FORMATS)
        check_sides(size.times(job.factor), job.output_format)

    def check_size(self, size: Size, factor: int, field: str = "upscale_factor", *, in_strips: bool = False) -> None:
        """Refuse an upscale that would be too large; ResolutionTooHigh names the request's field.

        `in_strips`: the result is encoded strip by strip, and never whole in memory.
        """
        limits, larger = self.limits, size.times(factor)
        cap = limits.output_px if in_strips else min(limits.output_px, limits.output_whole_px)
        count = larger.width * larger.height
        if count <= cap:
            return
        message = f"The result would have {count} pixels; at most {cap} are made"
        if factor > SMALLEST_FACTOR and size.width * size.height * SMALLEST_FACTOR**2 <= cap:
            message += f"; {field}: {SMALLEST_FACTOR} is the largest that fits"
        if count <= limits.output_px:
            message += f"; as a png without a finish, at most {limits.output_px}"
        raise ResolutionTooHigh.of_field(field, message, factor)
