"""One function an endpoint, each a list of named steps."""

import time
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cutout.jobs import Job, new_id
from cutout.ledger import Ledger
from cutout.pixels.finish import check_transparency
from cutout.pixels.types import MEDIA_TYPES
from cutout.removal import Removal
from cutout.telemetry.job_context import follow
from fetching.fetch import Fetcher
from serve_app.contract import EstimateForm, ProcessForm, RemoveForm, UpscaleForm
from serve_app.endpoints.jobs import JobEndpoints
from serve_app.endpoints.models import estimate_body
from serve_app.fanout.selection import choose
from serve_app.fanout.shotgun import Shotgun
from serve_app.fanout.winner import WinnerChoice, check_pick, check_single, ranked
from serve_app.jobs.acceptance import check_form
from serve_app.requests.accept import JSON, STREAMS, ZIP, Reply, reply_to
from serve_app.requests.finish import Finishes, reply_of
from serve_app.requests.forms import known_models, read_form, read_json, terms
from serve_app.responses.bodies import upscale_response
from serve_app.responses.stream import stream_response
from serve_app.responses.write import upscaled_response, write
from serve_app.storage.cutout_cache import CutoutCache


class ProcessEndpoints:
    """The endpoints that take a picture, and the estimate of what they would cost."""

    def __init__(
        self,
        shotgun: Shotgun,
        cache: CutoutCache,
        fetcher: Fetcher,
        finishes: Finishes,
        *,
        ledger: Ledger,
        jobs: JobEndpoints | None = None,
    ) -> None:
        self._shotgun = shotgun
        self._cache = cache
        self._fetcher = fetcher
        self._finishes = finishes
        self._ledger = ledger
        self._jobs = jobs
        self._limits = shotgun.registry.service.limits
        self._specs = shotgun.registry.models

    async def remove_background(self, request: Request) -> Response:
        """Fire one picture at every background remover at once."""
        form, image = await read_form(request, RemoveForm, self._limits)
        models = known_models(form.include_models, self._specs, "include_models")
        job = Job(new_id(), image or b"", models, form.output_format, None, terms(form), request.state.key)
        return await self._answer(request, form, job)

    async def process(self, request: Request) -> Response:
        """Remove the background by every model, then enlarge each cutout as soon as it is there."""
        form, image = await read_form(request, ProcessForm, self._limits)
        models = known_models(form.bg_models, self._specs, "bg_models")
        terms_ = terms(form)
        job = Job(new_id(), image or b"", models, form.output_format, form.upscale_factor, terms_, request.state.key)
        return await self._answer(request, form, job)

    async def estimate(self, request: Request) -> Response:
        """What a request would cost, and which models would run, without running it."""
        form = await read_json(request, EstimateForm)
        models = known_models(form.models, self._specs, "models")
        selection = choose(models, terms(form), self._shotgun.statuses, request.state.key)
        return JSONResponse(estimate_body(selection, self._shotgun.statuses))

    async def upscale(self, request: Request) -> Response:
        """Enlarge a picture by Lanczos, transparency kept exact."""
        form, image = await read_form(request, UpscaleForm, self._limits)
        started = time.perf_counter()
        reply = _upscale_reply(request, form)
        check_form(form, reply)
        job = Job(new_id(), image or b"", (), reply.output_format, form.scale_factor, key=request.state.key)
        follow(job.id)
        job = replace(job, preserve_alpha=form.preserve_alpha, image_field="image_url" if form.image_url else "image")
        if self._jobs and self._jobs.wants(request, form):
            return await self._jobs.answer(request, form, job, reply)
        if form.image_url:
            job = replace(job, image=await self._fetcher.fetch(form.image_url))
        upscaled = await self._shotgun.upscale(job)
        wall_ms = (time.perf_counter() - started) * 1000
        if reply.kind == "picture":
            return upscaled_response(job.id, upscaled, reply.output_format, wall_ms)
        return await upscale_response(job.id, upscaled, form.scale_factor, wall_ms)

    async def _answer(self, request: Request, form: RemoveForm | ProcessForm, job: Job) -> Response:
        """Run a job, and answer in the form that the caller accepts: later, as it happens, or as a whole."""
        follow(job.id)
        job = replace(job, began_s=time.perf_counter(), image_field="image_url" if form.image_url else "image")
        reply = reply_of(request.headers.get("accept", ""), form, (ZIP, *STREAMS))
        check_form(form, reply)
        removal = Removal(form.transparency_handling, refine=form.refine)
        job = replace(job, removal=removal, output_format=reply.output_format)
        durable = self._jobs if self._jobs and self._jobs.wants(request, form) else None
        check_pick(form, reply, durable=durable is not None)
        if durable:
            return await durable.answer(request, form, job, reply)
        winner = await self._winner(form, job) if reply.kind == "picture" else None
        if form.image_url:
            job = replace(job, image=await self._fetcher.fetch(form.image_url))
        job = replace(job, finish=await self._finishes.of(form), keep_whole=self._cache.keeps)
        if reply.kind == "stream":
            return await stream_response(job, self._cache, reply.media_type)
        result = await self._cache.run(job, enough=winner.enough if winner else None)
        return await write(reply, job, result, self._specs, winner=winner)

    async def _winner(self, form: RemoveForm | ProcessForm, job: Job) -> WinnerChoice:
        """Who chooses among several cutouts; what is asked of the ledger is asked before anything is spent."""
        check_single(choose(job.models, job.terms, self._shotgun.statuses, job.key).models, form.pick)
        if form.pick != "best":
            return WinnerChoice()
        known = dict.fromkeys((*(name for name in job.models if name in self._specs), *self._specs))
        return WinnerChoice(ranked(await self._ledger.stats(), form.image_category, known))


def _upscale_reply(request: Request, form: UpscaleForm) -> Reply:
    asked = form.output_format if "output_format" in form.model_fields_set else None
    possible = [name for name in MEDIA_TYPES if name != "jpeg" or not form.preserve_alpha]
    reply = reply_to(request.headers.get("accept", ""), (), asked, possible, Reply(JSON, form.output_format))
    check_transparency(reply.output_format, form.preserve_alpha)
    return reply
