"""POST /jobs/{job_id}/compose: another finish for stored cutouts. No model runs, and it is free."""

import asyncio
import time
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from cutout.accounts.keys import KeyRecord
from cutout.errors import Conflict, NotFound
from cutout.jobs import Output
from cutout.results import Cutout, CutoutFile, ModelResult, Result
from serve_app.fanout.shotgun import Shotgun
from serve_app.fanout.winner import check_single
from serve_app.jobs.jobs import Jobs
from serve_app.jobs.parts import known_specs
from serve_app.jobs.state import JobState
from serve_app.requests.asked import AskedComposition
from serve_app.requests.forms import known_models
from serve_app.requests.inputs import Inputs
from serve_app.requests.read import Reader
from serve_app.responses.write import loaded, write
from serve_app.storage.cutout_cache import CachedCutout, CachedJob, CutoutCache
from serve_app.storage.pictures import JOB_ID, PictureStore


class ComposeEndpoint:
    """Composes whole cutouts that the cache and durable jobs have stored."""

    def __init__(
        self,
        shotgun: Shotgun,
        cache: CutoutCache,
        reader: Reader,
        inputs: Inputs,
        *,
        jobs: Jobs,
        store: PictureStore,
    ) -> None:
        self._shotgun = shotgun
        self._cache = cache
        self._reader = reader
        self._inputs = inputs
        self._jobs = jobs
        self._store = store

    async def compose(self, request: Request) -> Response:
        """Another finish for the cutouts of a job that has ended: its crop, mask, background or format."""
        asked = await self._reader.composition(request)
        kept = await self._kept(request)
        models = _known(asked, kept)
        if asked.reply.kind == "picture":
            check_single(models)
        output = Output(asked.reply.output_format, kept.factor, await self._inputs.finish(asked.finish))
        limits = self._shotgun.second_stage
        limits.check(output, kept.input_size)
        limits.check_size(kept.input_size, kept.factor or 1)  # a stored cutout is decoded as a whole
        composed = [self._one(kept.job_id, one, output) for one in kept.cutouts if one.cutout.model_id in models]
        results = tuple(await asyncio.gather(*composed))
        wall_ms = (time.perf_counter() - asked.began_s) * 1000
        result = Result(kept.job_id, results, kept.input_size, wall_ms)
        specs = known_specs(models, self._shotgun.registry.models)
        return await write(asked.reply, output, result, specs, loaded)

    async def _kept(self, request: Request) -> CachedJob:
        """The job of the address, if the caller may use it; a job of another key is NotFound, too."""
        job_id: str = request.path_params["job_id"]
        if not JOB_ID.fullmatch(job_id):
            raise NotFound("No such job")
        state = await self._jobs.state(job_id)
        kept = cached(state) if state else await self._cache.find(job_id)
        key: KeyRecord | None = request.state.key
        if kept.key_id and kept.key_id != (key.id if key else None):
            raise NotFound("No such job; it may have been swept")
        if state and not state.ended:
            raise Conflict("This job has not ended yet; its cutouts can be composed when it has")
        return kept

    async def _one(self, job_id: str, one: CachedCutout, output: Output) -> ModelResult[CutoutFile]:
        started, model_id = time.perf_counter(), one.cutout.model_id
        try:
            whole = await self._store.get(job_id, one.name)
        except NotFound as missing:
            raise NotFound(f"The cutout of {model_id} is no longer kept") from missing
        free = replace(one.cutout, cost_usd=0.0, times_ms={})
        made = await self._shotgun.second_stage.compose(whole, free, output.format, output.finish)
        return ModelResult(model_id, made, (time.perf_counter() - started) * 1000)


def cached(state: JobState) -> CachedJob:
    """The whole cutouts of a durable job."""
    order = state.order
    good = [one.outcome for one in state.results if isinstance(one.outcome, Cutout)]
    cutouts = tuple(CachedCutout(cutout, order.whole_name(cutout.model_id)) for cutout in good)
    return CachedJob(order.job_id, order.key.id if order.key else None, order.factor, order.size, cutouts)


def _known(asked: AskedComposition, kept: CachedJob) -> tuple[str, ...]:
    """The models asked for, among those with a stored cutout."""
    there = tuple(one.cutout.model_id for one in kept.cutouts)
    if not there:
        raise NotFound("This job has no cutout")
    models = known_models(asked.models, there, "include_models")
    return there if "all" in models else models
