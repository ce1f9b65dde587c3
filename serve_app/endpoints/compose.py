"""POST /jobs/{job_id}/compose: another finish for stored cutouts. No model runs, and it is free."""

import asyncio
import time
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from cutout.errors import NotFound
from cutout.jobs import Output
from cutout.pixels.picture import Picture
from cutout.results import CutoutFile, ModelResult, Result
from serve_app.endpoints.kept_jobs import KeptJobs
from serve_app.fanout.shotgun import Shotgun
from serve_app.fanout.winner import check_single
from serve_app.jobs.parts import known_specs
from serve_app.requests.asked import AskedComposition
from serve_app.requests.forms import known_models
from serve_app.requests.inputs import Inputs
from serve_app.requests.read import Reader
from serve_app.responses.write import loaded, write
from serve_app.storage.kept import CachedCutout, CachedJob
from serve_app.storage.pictures import PictureStore


class ComposeEndpoint:
    """Composes whole cutouts that the cache and durable jobs have stored."""

    def __init__(
        self, shotgun: Shotgun, kept_jobs: KeptJobs, reader: Reader, inputs: Inputs, store: PictureStore
    ) -> None:
        self._shotgun = shotgun
        self._kept_jobs = kept_jobs
        self._reader = reader
        self._inputs = inputs
        self._store = store

    async def compose(self, request: Request) -> Response:
        """Another finish for the cutouts of a job that has ended: edge, crop, canvas, shadow, background or format."""
        asked = await self._reader.composition(request)
        kept = await self._kept_jobs.of(request)
        models = _known(asked, kept)
        if asked.reply.kind == "picture":
            check_single(models)
        finish = await self._inputs.finish(asked.finish)
        method = asked.method if asked.factor else kept.method
        output = Output(asked.reply.output_format, asked.factor, finish, method=method)
        shown = replace(output, factor=(kept.factor or 1) * asked.factor if asked.factor else kept.factor)
        limits = self._shotgun.second_stage
        if asked.factor:
            limits.check_method(kept.input_size.times(kept.factor or 1), asked.factor, asked.method)
        limits.check(shown, kept.input_size)
        limits.check_size(kept.input_size, kept.factor or 1)  # a stored cutout is decoded as a whole
        photograph = await self._shotgun.decoder.decode(await self._kept_jobs.sent(kept)) if output.blurs else None
        cutouts = [one for one in kept.cutouts if one.cutout.model_id in models]
        composed = [self._one(kept.job_id, one, output, photograph) for one in cutouts]
        results = tuple(await asyncio.gather(*composed))
        wall_ms = (time.perf_counter() - asked.began_s) * 1000
        result = Result(kept.job_id, results, kept.input_size, wall_ms)
        specs = known_specs((one.cutout.source_id for one in kept.cutouts), self._shotgun.registry.models)
        return await write(asked.reply, shown, result, specs, loaded)

    async def _one(
        self, job_id: str, one: CachedCutout, output: Output, photograph: Picture | None
    ) -> ModelResult[CutoutFile]:
        started, model_id = time.perf_counter(), one.cutout.model_id
        try:
            whole = await self._store.get(job_id, one.name)
        except NotFound as missing:
            raise NotFound(f"The cutout of {model_id} is no longer kept") from missing
        free = replace(one.cutout, cost_usd=0.0, times_ms={})
        made = await self._shotgun.second_stage.compose(whole, free, output, photograph)
        return ModelResult(model_id, made, (time.perf_counter() - started) * 1000)


def _known(asked: AskedComposition, kept: CachedJob) -> tuple[str, ...]:
    """The models asked for, among those with a stored cutout."""
    there = tuple(one.cutout.model_id for one in kept.cutouts)
    if not there:
        raise NotFound("This job has no cutout")
    models = known_models(asked.models, there, "include_models")
    return there if "all" in models else models
