"""The upscaler: Lanczos3 that keeps transparency exact, then a picture file."""

import asyncio
import time

from cutout.errors import CutoutError
from cutout.image import Picture, encode
from cutout.outcome import Cutout, Failure, OutputFormat, Rgba, Size, Upscaled
from cutout.resize import resize_rgba
from cutout.spec import EncodeSpec


class Upscaler:
    """Enlarges pixels; work is done in a thread, one picture a thread."""

    def __init__(self, encoding: EncodeSpec) -> None:
        self._encoding = encoding

    async def upscale(self, cutout: Cutout, factor: int, output_format: OutputFormat) -> Cutout | Failure:
        """A model's pixels, enlarged and encoded."""
        if cutout.rgba is None:
            raise TypeError("pixels expected, not an encoded cutout")
        try:
            encoded, times = await asyncio.to_thread(self._enlarge, cutout.rgba, factor, output_format)
        except CutoutError as error:
            return Failure.of(cutout.model_id, error, "upscale")
        return Cutout(
            model_id=cutout.model_id,
            size=cutout.size.times(factor),
            source_size=cutout.size,
            cost_usd=cutout.cost_usd,
            engine=cutout.engine,
            encoded=encoded,
            times_ms=cutout.times_ms | times,
            note=cutout.note,
        )

    async def upscale_picture(
        self, picture: Picture, factor: int, output_format: OutputFormat, preserve_alpha: bool
    ) -> Upscaled:
        """A caller's picture, enlarged and encoded; without `preserve_alpha`, what is transparent turns white."""
        if picture.alpha is not None and not preserve_alpha:
            picture = Picture(picture.on_white())
        encoded, times = await asyncio.to_thread(self._enlarge, picture.rgba(), factor, output_format)
        return Upscaled(encoded, picture.size, picture.size.times(factor), picture.alpha is not None, times)

    def _enlarge(self, rgba: Rgba, factor: int, output_format: OutputFormat) -> tuple[bytes, dict[str, float]]:
        started = time.perf_counter()
        larger = resize_rgba(rgba, Size(rgba.shape[1], rgba.shape[0]).times(factor))
        resized = time.perf_counter()
        # An alpha channel that hides nothing would make a PNG a sixth larger.
        seen = larger if rgba[..., 3].min() < 255 else larger[..., :3]
        encoded = encode(seen, output_format, self._encoding)
        encoded_at = time.perf_counter()
        return encoded, {"upscale": (resized - started) * 1000, "encode": (encoded_at - resized) * 1000}
