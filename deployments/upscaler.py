"""The upscaler: Lanczos3 that keeps transparency exact, the finish of a cutout, then a picture file."""

import asyncio
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from cutout.errors import CutoutError
from cutout.jobs import Cutout, Failure, Upscaled
from cutout.limits import LimitsSpec
from cutout.pixels.crop import enlarged, subject_box
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.density import times
from cutout.pixels.encoding.encode import encode
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.finish import Finish, finished_around
from cutout.pixels.picture import Picture
from cutout.pixels.resizing.resize import resize_rgba, resized_strips
from cutout.pixels.strips import Strips, opaque
from cutout.pixels.types import Alpha, Box, OutputFormat, Rgb, Rgba, Size

OURS = LimitsSpec(input_px=sys.maxsize, input_side_px=sys.maxsize, input_aspect=sys.maxsize, memory_of_64k=sys.maxsize)
"""Of a file that this service wrote: it was bounded when it was made."""
WHOLE_PX = 64_000_000
"""A larger result is made in strips, where it is not finished any further: 256 MB of pixels need not be there."""


class Upscaler:
    """Enlarges pixels and finishes cutouts; work is done in a thread, one picture a thread."""

    def __init__(self, encoding: EncodeSpec) -> None:
        self._encoding = encoding

    async def upscale(
        self,
        cutout: Cutout,
        factor: int | None,
        output_format: OutputFormat,
        finish: Finish | None = None,
        keep_whole: bool = False,
    ) -> Cutout | Failure:
        """A model's pixels, enlarged where there is a factor, finished and encoded; see `Job` for the last two."""
        rgba = cutout.rgba
        if rgba is None:
            raise TypeError("pixels expected, not an encoded cutout")

        def made() -> Cutout:
            started = time.perf_counter()
            is_plain = finish is None or finish.is_plain
            larger = _larger(rgba, cutout.size.times(factor), is_plain) if factor else rgba
            spans = {"upscale": (time.perf_counter() - started) * 1000} if factor else {}
            box = subject_box(rgba[..., 3])
            box = enlarged(box, factor, cutout.size) if box and factor else box
            cut = replace(cutout, dpi=times(cutout.dpi, factor or 1)).timed(**spans)
            done = self._finished(cut, larger, output_format, finish or Finish(), box)
            has_whole = output_format == "png" and is_plain
            whole = encode(larger, "png", dpi=cut.dpi) if keep_whole and not has_whole else None
            return replace(done, source_size=cutout.size if factor else None, rgba=None, dpi=None, whole=whole)

        return await _in_thread(cutout.model_id, made)

    async def compose(
        self, whole: bytes, cutout: Cutout, output_format: OutputFormat, finish: Finish | None
    ) -> Cutout | Failure:
        """A cutout that was kept whole, as a PNG, with another finish; `cutout` is what was said of it."""

        def made() -> Cutout:
            picture = decode(whole, OURS)
            cut = replace(cutout, dpi=picture.dpi)
            done = self._finished(cut, picture.rgba(), output_format, finish or Finish(), cutout.whole_box)
            return replace(done, dpi=None)

        return await _in_thread(cutout.model_id, made)

    async def upscale_picture(
        self, picture: Picture, factor: int, output_format: OutputFormat, preserve_alpha: bool
    ) -> Upscaled:
        """A caller's picture, enlarged and encoded; without `preserve_alpha`, what is transparent turns white."""
        if not preserve_alpha:
            picture = Picture(picture.on_white(), dpi=picture.dpi)
        encoded, times_ms = await asyncio.to_thread(self._enlarge, picture, factor, output_format)
        return Upscaled(encoded, picture.size, picture.size.times(factor), picture.has_alpha, times_ms)

    def _enlarge(self, picture: Picture, factor: int, output_format: OutputFormat) -> tuple[bytes, dict[str, float]]:
        started = time.perf_counter()
        larger = _larger(picture.rgba(), picture.size.times(factor))
        resized = time.perf_counter()
        dpi = times(picture.dpi, factor)
        pixels = larger if picture.has_alpha else opaque(larger)
        encoded = encode(pixels, output_format, self._encoding, dpi)
        encoded_at = time.perf_counter()
        return encoded, {"upscale": (resized - started) * 1000, "encode": (encoded_at - resized) * 1000}

    def _finished(
        self, cutout: Cutout, rgba: Rgba | Strips, output_format: OutputFormat, finish: Finish, box: Box | None
    ) -> Cutout:
        started = time.perf_counter()
        pixels: Rgba | Rgb | Alpha | Strips = rgba
        mask, frame = None, None
        if not isinstance(rgba, Strips):
            done = finished_around(rgba, finish, box)
            pixels, mask, box, frame = done.pixels, done.mask, done.box, done.frame
        finished_at = time.perf_counter()
        encoded = encode(pixels, output_format, self._encoding, cutout.dpi)
        mask_file = None if mask is None else encode(mask, "png", dpi=cutout.dpi)
        spans = {"finish": (finished_at - started) * 1000, "encode": (time.perf_counter() - finished_at) * 1000}
        size = Size(pixels.shape[1], pixels.shape[0])
        made = replace(cutout, size=size, encoded=encoded, mask=mask_file, box=box, frame=frame)
        return made.timed(**spans)


def _larger(rgba: Rgba, size: Size, in_strips: bool = True) -> Rgba | Strips:
    """The pixels enlarged; a large picture is not whole in memory, and is worked out while it is written."""
    large = size.width * size.height > WHOLE_PX
    return resized_strips(rgba, size) if large and in_strips else resize_rgba(rgba, size)


async def _in_thread(model_id: str, work: Callable[[], Any]) -> Cutout | Failure:
    try:
        made: Cutout = await asyncio.to_thread(work)
    except CutoutError as error:
        return Failure.of(model_id, error, "upscale")
    return made
