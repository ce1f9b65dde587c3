"""One function an endpoint, each a list of named steps."""

import time
import uuid
from dataclasses import replace
from typing import TypeVar

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cutout.outcome import Job
from serve_app.choice import choose
from serve_app.contract import EstimateForm, PictureForm, ProcessForm, RemoveForm, UpscaleForm
from serve_app.fetch import Fetcher
from serve_app.forms import known_models, read_form, read_json, terms
from serve_app.health import estimate_body, health_body, models_body
from serve_app.job_routes import JobRoutes
from serve_app.responses import job_response, upscale_response
from serve_app.shotgun import Shotgun
from serve_app.stream import stream_response, streamed_type

F = TypeVar("F", bound=PictureForm)


def new_id() -> str:
    """A job's id; nobody can guess it."""
    return str(uuid.uuid4())


class Routes:
    """The endpoints of one service."""

    def __init__(self, shotgun: Shotgun, fetcher: Fetcher, jobs: JobRoutes | None = None) -> None:
        self._shotgun = shotgun
        self._fetcher = fetcher
        self._jobs = jobs
        self._limits = shotgun.registry.service.limits
        self._specs = shotgun.registry.models

    async def health(self) -> Response:
        """Whether the service works, and each model."""
        return JSONResponse(health_body(self._shotgun.board))

    async def models(self) -> Response:
        """Every model: availability, price, licence, median time so far."""
        return JSONResponse(models_body(self._shotgun.board))

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
        choice = choose(models, terms(form), self._shotgun.board, request.state.key)
        return JSONResponse(estimate_body(choice, self._shotgun.board))

    async def upscale(self, request: Request) -> Response:
        """Enlarge a picture by Lanczos, transparency kept exact."""
        started = time.perf_counter()
        form, image = await self._read(request, UpscaleForm)
        upscaled = await self._shotgun.upscale(image, form.scale_factor, form.output_format, form.preserve_alpha)
        wall_ms = (time.perf_counter() - started) * 1000
        return await upscale_response(new_id(), upscaled, form.scale_factor, wall_ms)

    async def _answer(self, request: Request, form: RemoveForm | ProcessForm, job: Job) -> Response:
        """Run a job, and answer in the form that the caller accepts: later, as it happens, or as a whole."""
        if self._jobs and self._jobs.wants(request, form):
            return await self._jobs.answer(request, form, job)
        if form.image_url:
            job = replace(job, image=await self._fetcher.fetch(form.image_url))
        if media_type := streamed_type(request.headers.get("accept", "")):
            return await stream_response(job, self._shotgun, media_type)
        return await job_response(job, await self._shotgun.run(job), self._specs)

    async def _read(self, request: Request, form: type[F]) -> tuple[F, bytes]:
        """The checked fields, and the picture: the caller's own, or the one at his address."""
        fields, image = await read_form(request, form, self._limits)
        return fields, await self._fetcher.fetch(fields.image_url or "") if image is None else image
