"""What follows a model: the upscaler enlarges, finishes and encodes, within the time of a request."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from cutout.errors import CutoutError, ModelTimeout, ServiceUnavailable
from cutout.jobs import Cutout, CutoutFile, CutoutPixels, Enlargement, Failure, Output, UpscaledFile
from cutout.pixels.finish import Finish
from cutout.pixels.plain import OutputFormat
from serve_app.fanout.replicas import Upscaler


class SecondStage:
    """The upscaler, with a limit on time."""

    def __init__(self, upscaler: Upscaler, timeout_s: float) -> None:
        self._upscaler = upscaler
        self._timeout_s = timeout_s

    async def cutout(self, cutout: CutoutPixels, output: Output, finish: Any) -> CutoutFile | Failure:
        """A model's cutout as `output` says; `finish` is its finish, or a reference to it."""
        call = self._upscaler.upscale(cutout, output.factor, output.format, finish, output.keep_whole)
        return await self._file(cutout.model_id, call)

    async def compose(
        self, whole: bytes, cutout: Cutout, output_format: OutputFormat, finish: Finish | None
    ) -> CutoutFile | Failure:
        """A cutout that was stored whole, as a PNG, with another finish."""
        return await self._file(cutout.model_id, self._upscaler.compose(whole, cutout, output_format, finish))

    async def picture(self, picture: Any, job: Enlargement) -> UpscaledFile:
        """A caller's own picture, or a reference to it, enlarged.

        Raises:
            ServiceUnavailable: the upscaler is away, or took longer than a request may.
        """
        call = self._upscaler.upscale_picture(picture, job.factor, job.output_format, job.preserve_alpha)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await call
        except TimeoutError as late:
            raise ServiceUnavailable(self._late) from late

    async def _file(self, model_id: str, call: Coroutine[Any, Any, CutoutFile | Failure]) -> CutoutFile | Failure:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await call
        except TimeoutError:
            return Failure.of(model_id, ModelTimeout(self._late), "upscale")
        except CutoutError as error:
            return Failure.of(model_id, error, "upscale")

    @property
    def _late(self) -> str:
        return f"Upscale timeout after {self._timeout_s:g}s"
