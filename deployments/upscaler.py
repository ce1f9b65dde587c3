"""The upscaler: an enlargement that preserves transparency, then a cutout's finish, then a picture file."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Event
from typing import TypeVar

from cutout.errors import CutoutError
from cutout.jobs import Output
from cutout.limits import OWN_FILES
from cutout.pixels.cores import CORES
from cutout.pixels.crop import enlarged, subject_box
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.density import times
from cutout.pixels.encoding.encode import encode
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.finish import Finish
from cutout.pixels.finishing.finished import finished_around
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Box, Dpi, EnlargingMethod, OutputFormat, Size
from cutout.pixels.resizing.detail import detailed
from cutout.pixels.resizing.resize import resized_strips
from cutout.pixels.semi_transparent import counted
from cutout.pixels.strips import Strips, opaque
from cutout.pixels.types import Alpha, Rgb, Rgba
from cutout.results import Cutout, CutoutFile, CutoutPixels, Failure, UpscaledFile
from cutout.telemetry.spans import Spans

T = TypeVar("T")


class Upscaler:
    """Enlarges pixels and finishes cutouts, each picture in a thread."""

    def __init__(self, encoding: EncodeSpec, threads: int = CORES) -> None:
        """`threads`: those of `method: detail`."""
        self._encoding = encoding
        self._threads = threads

    async def upscale(
        self, cutout: CutoutPixels, output: Output, finish: Finish | None, photograph: Picture | None
    ) -> CutoutFile | Failure:
        """A model's pixels as `output` says, with that finish.

        `photograph` is the picture that was cut out, for a finish with `blur`; else None.
        """
        box, whole = subject_box(cutout.rgba[..., 3]), replace(output, finish=finish)
        return await _made(cutout.model_id, partial(self._upscaled, cutout, box, whole, photograph))

    async def compose(
        self, whole: bytes, cutout: Cutout, output: Output, photograph: Picture | None
    ) -> CutoutFile | Failure:
        """Another finish of a cutout that was stored whole, as a PNG, enlarged by the factor of `output`, if any.

        `cutout` is what is known of it; `photograph` as in `upscale`.
        """

        def made(given_up: Event) -> CutoutFile:
            picture = decode(whole, OWN_FILES)
            pixels = CutoutPixels.of(cutout, picture.rgba(), picture.dpi)
            return self._upscaled(pixels, cutout.whole_box, output, photograph, given_up)

        return await _made(cutout.model_id, made)

    async def upscale_picture(
        self,
        picture: Picture,
        factor: int,
        output_format: OutputFormat,
        preserve_alpha: bool,
        method: EnlargingMethod,
    ) -> UpscaledFile:
        """A caller's picture, enlarged and encoded; without `preserve_alpha`, transparent pixels turn white."""
        if not preserve_alpha:
            picture = Picture(picture.on_white(), dpi=picture.dpi)
        return await _in_thread(partial(self._enlarged, picture, factor, output_format, method))

    def _enlarged(
        self,
        picture: Picture,
        factor: int,
        output_format: OutputFormat,
        method: EnlargingMethod,
        given_up: Event | None = None,
    ) -> UpscaledFile:
        spans, size = Spans(), picture.size.times(factor)
        with spans.timed("upscale"):
            larger = enlarge(picture.rgba(), factor, method, given_up, threads=self._threads)
        with spans.timed("encode"):
            pixels, share = counted(larger if picture.has_alpha else opaque(larger))
            encoded = encode(pixels, output_format, self._encoding, times(picture.dpi, factor))
        return UpscaledFile(picture.size, size, picture.has_alpha, dict(spans), share(), encoded=encoded)

    def _upscaled(
        self, cutout: CutoutPixels, box: Box | None, output: Output, photograph: Picture | None, given_up: Event
    ) -> CutoutFile:
        """The file of a cutout; `box` is the subject in it."""
        larger: Rgba | Strips = cutout.rgba
        spans, size, finish = Spans(cutout.times_ms), _size(cutout.rgba), output.finish or Finish()
        if output.factor:
            with spans.timed("upscale"):
                larger = enlarge(cutout.rgba, output.factor, output.method, given_up, threads=self._threads)
                if isinstance(larger, Strips) and not output.is_made_in_strips:
                    larger = larger.whole()
            box = box and enlarged(box, output.factor, size)
        known, dpi = replace(cutout, box=box, times_ms=dict(spans)), times(cutout.dpi, output.factor or 1)
        file = self._finished(known, larger, dpi, output, photograph)
        if not output.keep_whole or (output.format == "png" and finish.is_plain):
            return file
        return replace(file, whole=encode(larger, "png", dpi=dpi))

    def _finished(
        self,
        cutout: Cutout,
        pixels: Rgba | Strips,
        dpi: Dpi | None,
        output: Output,
        photograph: Picture | None,
    ) -> CutoutFile:
        """The file of a cutout's pixels, `cutout.box` being the subject in them; strips have a plain finish."""
        spans, shown, mask, finish = Spans(cutout.times_ms), pixels, None, output.finish or Finish()
        with spans.timed("finish"):
            if not isinstance(pixels, Strips):
                done = finished_around(pixels, finish, cutout.box, photograph)
                shown, mask, cutout = done.pixels, done.mask, replace(cutout, box=done.box, frame=done.frame)
        shown, share = counted(shown)
        dpi = finish.resolution(dpi)
        with spans.timed("encode"):
            encoded = encode(shown, output.format, self._encoding.at(finish.quality), dpi)
            mask_file = None if mask is None else encode(mask, "png", dpi=dpi)
        known = replace(cutout, size=_size(shown), times_ms=dict(spans), semi_transparent=share())
        return CutoutFile.of(known, encoded, mask_file)


def _size(pixels: Rgba | Rgb | Alpha | Strips) -> Size:
    return Size(pixels.shape[1], pixels.shape[0])


def enlarge(
    rgba: Rgba,
    factor: int,
    method: EnlargingMethod,
    given_up: Event | None = None,
    *,
    threads: int = CORES,
) -> Rgba | Strips:
    """The pixels enlarged; by a kernel, in strips, which are computed while they are encoded.

    Raises:
        ModelUnavailable: `detail` has no weights, and they cannot be fetched.
        ModelError: `given_up` was set while `detail` was at work.
    """
    if method == "detail":
        from deployments.engines.span import span  # 150 MB of memory, which only those who use it need

        return detailed(rgba, span(factor, threads), given_up)
    return resized_strips(rgba, _size(rgba).times(factor), method)


async def _made(model_id: str, work: Callable[[Event], CutoutFile]) -> CutoutFile | Failure:
    try:
        return await _in_thread(work)
    except CutoutError as error:
        return Failure.of(model_id, error, "upscale")


async def _in_thread(work: Callable[[Event], T]) -> T:
    """The result of work that is given up when its caller is gone: a thread cannot be killed, but told to stop."""
    given_up = Event()
    try:
        return await asyncio.to_thread(work, given_up)
    finally:
        given_up.set()
