"""The upscaler: Lanczos3 that preserves transparency, then a cutout's finish, then a picture file."""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from cutout.errors import CutoutError
from cutout.limits import OWN_FILES
from cutout.pixels.crop import enlarged, subject_box
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.density import times
from cutout.pixels.encoding.encode import encode
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.finish import Finish, finished_around
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Dpi, OutputFormat, Size
from cutout.pixels.resizing.resize import resize_rgba, resized_strips
from cutout.pixels.strips import Strips, opaque
from cutout.pixels.types import Rgba
from cutout.results import Cutout, CutoutFile, CutoutPixels, Failure, UpscaledFile
from cutout.telemetry.spans import Spans

WHOLE_PX = 64_000_000
"""A larger result without a finish is made in strips, so that 256 MB of pixels are never in memory."""


class Upscaler:
    """Enlarges pixels and finishes cutouts, each picture in a thread."""

    def __init__(self, encoding: EncodeSpec) -> None:
        self._encoding = encoding

    async def upscale(
        self,
        cutout: CutoutPixels,
        factor: int | None,
        output_format: OutputFormat,
        finish: Finish | None = None,
        keep_whole: bool = False,
    ) -> CutoutFile | Failure:
        """A model's pixels, enlarged where there is a factor, finished and encoded; see `Job` for the last two."""
        return await _in_thread(
            cutout.model_id, lambda: self._upscaled(cutout, factor, output_format, finish or Finish(), keep_whole)
        )

    async def compose(
        self, whole: bytes, cutout: Cutout, output_format: OutputFormat, finish: Finish | None
    ) -> CutoutFile | Failure:
        """Another finish of a cutout that was stored whole, as a PNG; `cutout` is what is known of it."""

        def made() -> CutoutFile:
            picture, known = decode(whole, OWN_FILES), replace(cutout, box=cutout.whole_box)
            return self._finished(known, picture.rgba(), picture.dpi, output_format, finish or Finish())

        return await _in_thread(cutout.model_id, made)

    async def upscale_picture(
        self, picture: Picture, factor: int, output_format: OutputFormat, preserve_alpha: bool
    ) -> UpscaledFile:
        """A caller's picture, enlarged and encoded; without `preserve_alpha`, transparent pixels turn white."""
        if not preserve_alpha:
            picture = Picture(picture.on_white(), dpi=picture.dpi)
        return await asyncio.to_thread(self._enlarged, picture, factor, output_format)

    def _enlarged(self, picture: Picture, factor: int, output_format: OutputFormat) -> UpscaledFile:
        spans, size = Spans(), picture.size.times(factor)
        with spans.timed("upscale"):
            larger = _larger(picture.rgba(), size)
        with spans.timed("encode"):
            pixels = larger if picture.has_alpha else opaque(larger)
            encoded = encode(pixels, output_format, self._encoding, times(picture.dpi, factor))
        return UpscaledFile(picture.size, size, picture.has_alpha, dict(spans), encoded=encoded)

    def _upscaled(
        self, cutout: CutoutPixels, factor: int | None, output_format: OutputFormat, finish: Finish, keep_whole: bool
    ) -> CutoutFile:
        larger: Rgba | Strips = cutout.rgba
        spans, box = Spans(cutout.times_ms), subject_box(cutout.rgba[..., 3])
        if factor:
            with spans.timed("upscale"):
                larger = _larger(cutout.rgba, cutout.size.times(factor), finish.is_plain)
            box = box and enlarged(box, factor, cutout.size)
        known, dpi = replace(cutout, box=box, times_ms=dict(spans)), times(cutout.dpi, factor or 1)
        file = self._finished(known, larger, dpi, output_format, finish)
        if not keep_whole or (output_format == "png" and finish.is_plain):
            return file
        return replace(file, whole=encode(larger, "png", dpi=dpi))

    def _finished(
        self, cutout: Cutout, pixels: Rgba | Strips, dpi: Dpi | None, output_format: OutputFormat, finish: Finish
    ) -> CutoutFile:
        """The file of a cutout's pixels, `cutout.box` being the subject in them; strips have a plain finish."""
        spans, shown, mask = Spans(cutout.times_ms), pixels, None
        with spans.timed("finish"):
            if not isinstance(pixels, Strips):
                done = finished_around(pixels, finish, cutout.box)
                shown, mask, cutout = done.pixels, done.mask, replace(cutout, box=done.box, frame=done.frame)
        with spans.timed("encode"):
            encoded = encode(shown, output_format, self._encoding, dpi)
            mask_file = None if mask is None else encode(mask, "png", dpi=dpi)
        size = Size(shown.shape[1], shown.shape[0])
        return CutoutFile.of(replace(cutout, size=size, times_ms=dict(spans)), encoded, mask_file)


def _larger(rgba: Rgba, size: Size, in_strips: bool = True) -> Rgba | Strips:
    """The pixels enlarged; a large picture is computed strip by strip, while it is encoded."""
    large = size.width * size.height > WHOLE_PX
    return resized_strips(rgba, size) if large and in_strips else resize_rgba(rgba, size)


async def _in_thread(model_id: str, work: Callable[[], CutoutFile]) -> CutoutFile | Failure:
    try:
        return await asyncio.to_thread(work)
    except CutoutError as error:
        return Failure.of(model_id, error, "upscale")
