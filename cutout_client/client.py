"""AsyncClient: every operation of the service; those on jobs and batches are in jobs.py and batches.py."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Self, Unpack

import httpx

from cutout.picks.pick import Logged
from cutout.picks.statistics import Stats
from cutout.pixels.plain import EnlargingMethod, OutputFormat
from cutout_client.batches import Batches
from cutout_client.connection import Connection
from cutout_client.exchange import enlargement, listed, request, streamed, with_job_id
from cutout_client.jobs import Jobs
from cutout_client.options import Factor, JobOptions, Terms
from cutout_client.pictures import Picture, picture_body
from cutout_client.results import (
    CutoutResult,
    Estimate,
    JobResult,
    ModelInfo,
    ModelList,
    Preset,
    PresetList,
    UpscaleResult,
    parsed,
)

TIMEOUT_S = 330.0
"""Longest time without a byte from the service, in seconds: a little more than its own `limits.request_s`."""
TRIES = 5


class AsyncClient(Jobs, Batches):
    """Client of a Cutout Shotgun service, for programs with an event loop; `Client` is the same without one.

    Every method raises the errors of cutout/errors.py: the class that the service's answer names, and
    ServiceUnavailable when it cannot be reached. Requests answered by 429 or 503, and those whose connection breaks,
    are retried, `tries` attempts in all.
    """

    def __init__(
        self,
        url: str = "http://localhost:8000",
        api_key: str | None = None,
        timeout_s: float = TIMEOUT_S,
        tries: int = TRIES,
    ) -> None:
        self._connection = Connection(url, api_key, timeout_s, tries)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections."""
        await self._connection.close()

    async def remove_background(
        self, picture: Picture, models: str | Sequence[str] = "all", **options: Unpack[JobOptions]
    ) -> JobResult:
        """Every model's cutout or error; raises ProcessingError when all models failed."""
        return await self._job(picture, models, None, options)

    async def process(
        self,
        picture: Picture,
        models: str | Sequence[str] = "all",
        upscale_factor: Factor = 4,
        **options: Unpack[JobOptions],
    ) -> JobResult:
        """Every model's cutout, enlarged; raises as `remove_background`."""
        return await self._job(picture, models, upscale_factor, options)

    async def stream(
        self,
        picture: Picture,
        models: str | Sequence[str] = "all",
        upscale_factor: Factor | None = None,
        **options: Unpack[JobOptions],
    ) -> AsyncIterator[CutoutResult]:
        """Each model's cutout or error, as soon as it is finished. A broken connection is resumed without repeats."""
        path, content = await request(picture, models, upscale_factor, options)
        content["headers"]["Accept"] = "application/x-ndjson"
        seen = set[str]()
        for retries_left in reversed(range(self._connection.tries)):
            response = await self._connection.send("POST", path, stream=True, **content)
            try:
                async for result in streamed(response):
                    if result.model_id not in seen:
                        seen.add(result.model_id)
                        yield result
                return
            except httpx.TransportError as cut:
                if not retries_left:
                    raise self._connection.lost(cut) from cut
            finally:
                await response.aclose()

    async def upscale(
        self,
        picture: Picture,
        scale_factor: Factor = 4,
        output_format: OutputFormat = "png",
        preserve_alpha: bool = True,
        method: EnlargingMethod = "lanczos",
    ) -> UpscaleResult:
        """A picture enlarged with exact alpha; without `preserve_alpha` it is put on white."""
        fields = enlargement(scale_factor, output_format, preserve_alpha, method)
        return await self._connection.ask(UpscaleResult, "POST", "/upscale", **await picture_body(picture, fields))

    async def models(self) -> tuple[ModelInfo, ...]:
        """Every model, with its availability, price and licence."""
        return (await self._connection.ask(ModelList, "GET", "/models")).models

    async def presets(self) -> tuple[Preset, ...]:
        """The canvases that `canvas` of a finish may name."""
        return (await self._connection.ask(PresetList, "GET", "/presets")).presets

    async def estimate(self, models: str | Sequence[str] = "all", **terms: Unpack[Terms]) -> Estimate:
        """Price of a request and the models it would run, without running it."""
        return await self._connection.ask(Estimate, "POST", "/estimate", json={"models": listed(models), **terms})

    async def log_selection(
        self, job_id: str, selected_model_id: str, image_category: str | None = None, notes: str | None = None
    ) -> Logged:
        """Record which model's cutout was picked; `none` if none is good enough. A job's last pick counts."""
        pick = {"selected_model_id": selected_model_id, "image_category": image_category, "notes": notes}
        body = (await self._connection.send("POST", "/log-selection", json={"job_id": job_id, **pick})).json()
        return parsed(Logged, {"replaced": False, **body})

    async def stats(self) -> Stats:
        """How often each model was picked when it was offered, with 95 % intervals."""
        return await self._connection.ask(Stats, "GET", "/selections/stats")

    async def _job(
        self, picture: Picture, models: str | Sequence[str], factor: Factor | None, options: JobOptions
    ) -> JobResult:
        path, content = await request(picture, models, factor, options)
        response = await self._connection.send("POST", path, **content)
        if response.status_code == httpx.codes.ACCEPTED:  # it takes longer than limits.request_s
            return await self.wait(response.json()["job_id"])
        return with_job_id(await asyncio.to_thread(lambda: parsed(JobResult, response.json())))
