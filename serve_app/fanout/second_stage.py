"""What follows a model: which results may be made of a picture, and the upscaler, which makes them in time."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from typing import Any, Protocol

from cutout.errors import CutoutError, ModelTimeout, ResolutionTooHigh, ServiceUnavailable
from cutout.jobs import Enlargement, Output
from cutout.limits import LimitsSpec
from cutout.pixels.encoding.encode import check_sides
from cutout.pixels.finish import Finish, check_format
from cutout.pixels.picture import Picture
from cutout.pixels.plain import STRIP_FORMATS, EnlargingMethod, OutputFormat, Size
from cutout.pixels.resizing.method import check_method
from cutout.results import Cutout, CutoutFile, CutoutPixels, Failure, UpscaledFile

SMALLEST_FACTOR = 2
"""Pictures are enlarged by 2 or 4."""


class Upscaler(Protocol):
    """Enlarges and finishes pictures; every method raises CutoutError when it cannot be reached or has no room."""

    async def upscale(self, cutout: CutoutPixels, output: Output, finish: Any, photograph: Any) -> CutoutFile | Failure:
        """A model's pixels, enlarged where there is a factor, finished and encoded as `output` says.

        `finish` is that of `output`, a reference to it, or None; `photograph` is the Picture that was cut out, or a
        reference to it, for a finish with `blur`, else None.
        """

    async def compose(
        self, whole: bytes, cutout: Cutout, output: Output, photograph: Picture | None
    ) -> CutoutFile | Failure:
        """A whole cutout, as the PNG that was kept, with another finish, enlarged by the factor of `output`, if any.

        `cutout` is what was known of it; `photograph` as in `upscale`.
        """

    async def upscale_picture(
        self,
        picture: Any,
        factor: int,
        output_format: OutputFormat,
        preserve_alpha: bool,
        method: EnlargingMethod,
    ) -> UpscaledFile:
        """A caller's Picture, or a reference to one, enlarged and encoded."""


class SecondStage:
    """The upscaler, within the time of a request; and the limits on its results, checked before a model is paid."""

    def __init__(self, upscaler: Upscaler, detailer: Upscaler, limits: LimitsSpec) -> None:
        """`detailer` makes what is enlarged with `method: detail`, `upscaler` everything else."""
        self._upscaler = upscaler
        self._detailer = detailer
        self._limits = limits

    async def cutout(
        self, cutout: CutoutPixels, output: Output, finish: Any, photograph: Any = None
    ) -> CutoutFile | Failure:
        """A model's cutout as `output` says.

        `finish` is its finish, `photograph` the picture that was cut out, which a blur needs; or references to them.
        """
        behind = photograph if output.blurs else None
        call = self._for(output).upscale(cutout, replace(output, finish=None), finish, behind)
        return await self._file(cutout.model_id, call)

    async def compose(
        self, whole: bytes, cutout: Cutout, output: Output, photograph: Picture | None
    ) -> CutoutFile | Failure:
        """A cutout that was stored whole, as a PNG, with another finish; `photograph` as in `cutout`."""
        return await self._file(cutout.model_id, self._for(output).compose(whole, cutout, output, photograph))

    async def picture(self, picture: Any, job: Enlargement) -> UpscaledFile:
        """A caller's own picture, or a reference to it, enlarged.

        Raises:
            ServiceUnavailable: the upscaler is away, or took longer than a request may.
        """
        how = (job.factor, job.output_format, job.preserve_alpha, job.method)
        call = self._by(job.method).upscale_picture(picture, *how)
        try:
            async with asyncio.timeout(self._limits.request_s):
                return await call
        except TimeoutError as late:
            raise ServiceUnavailable(self._late) from late

    def check(self, output: Output, size: Size) -> None:
        """Refuse an output that could not be made of a picture of this size.

        Raises:
            ValidationError: the format does not go with the finish, or the picture is too small for the print.
            ImageTooLarge: the result would be too large; the details name the request's field.
        """
        finish, factor, in_strips = output.finish or Finish(), output.factor or 1, output.is_made_in_strips
        check_format(finish.output_type, output.format, has_background=finish.has_background)
        if output.factor:
            self.check_method(size, output.factor, output.method)
        self.check_size(size, factor, in_strips=in_strips)
        finish.check_resolution(size.times(factor))  # what a crop shows has no more pixels an inch
        largest = finish.largest(size.times(factor))
        self.check_size(largest, 1, "canvas" if finish.canvas else "crop_margin", in_strips=in_strips)
        check_sides(largest, output.format)

    def check_enlargement(self, job: Enlargement, size: Size) -> None:
        """Refuse an enlargement that could not be made of a picture of this size; raises ImageTooLarge."""
        self.check_method(size, job.factor, job.method)
        self.check_size(size, job.factor, "scale_factor", in_strips=job.output_format in STRIP_FORMATS)
        check_sides(size.times(job.factor), job.output_format)

    def check_method(self, size: Size, factor: int, method: EnlargingMethod) -> None:
        """See cutout/pixels/resizing/method.py."""
        check_method(size, factor, method, self._limits)

    def check_size(self, size: Size, factor: int, field: str = "upscale_factor", *, in_strips: bool = False) -> None:
        """Refuse an upscale that would be too large; ResolutionTooHigh names the request's field.

        `in_strips`: the result is encoded strip by strip, and never whole in memory.
        """
        limits, larger = self._limits, size.times(factor)
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

    async def _file(self, model_id: str, call: Coroutine[Any, Any, CutoutFile | Failure]) -> CutoutFile | Failure:
        try:
            async with asyncio.timeout(self._limits.request_s):
                return await call
        except TimeoutError:
            return Failure.of(model_id, ModelTimeout(self._late), "upscale")
        except CutoutError as error:
            return Failure.of(model_id, error, "upscale")

    def _for(self, output: Output) -> Upscaler:
        return self._by(output.method) if output.factor else self._upscaler

    def _by(self, method: EnlargingMethod) -> Upscaler:
        return self._detailer if method == "detail" else self._upscaler

    @property
    def _late(self) -> str:
        return f"Upscale timeout after {self._limits.request_s:g}s"
