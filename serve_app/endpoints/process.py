"""POST /remove-background, /process, /upscale and /estimate; each is a list of named steps."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from cutout.models.selection import CHOICES, ModelSelection
from serve_app.contract import EstimateForm, ProcessForm, RemoveForm
from serve_app.endpoints.models import estimate_body
from serve_app.fanout.fan_out import Run
from serve_app.fanout.selection import select_models
from serve_app.fanout.shotgun import Shotgun
from serve_app.fanout.winner import WinnerChoice
from serve_app.requests.asked import Asked, AskedCutouts, Later
from serve_app.requests.forms import known_models, read_json, terms
from serve_app.requests.inputs import Inputs
from serve_app.requests.read import Reader
from serve_app.responses.bodies import PicturesResponse
from serve_app.responses.stream import stream_response
from serve_app.responses.upscaled import upscale_body
from serve_app.responses.write import loaded, upscaled_response, write

AnswerLater: TypeAlias = Callable[[Request, Asked, Later], Awaitable[Response]]
"""Answers a request by a durable job: JobEndpoints.answer."""


class ProcessEndpoints:
    """The endpoints that take a picture, and the estimate of what they would cost."""

    def __init__(
        self,
        shotgun: Shotgun,
        run: Run,
        reader: Reader,
        inputs: Inputs,
        *,
        later: AnswerLater | None = None,
    ) -> None:
        self._shotgun = shotgun
        self._run = run
        self._reader = reader
        self._inputs = inputs
        self._later = later
        self._specs = shotgun.registry.models

    async def remove_background(self, request: Request) -> Response:
        """Remove the background by every model at once."""
        return await self._cutouts(request, await self._reader.cutouts(request, RemoveForm))

    async def process(self, request: Request) -> Response:
        """Remove the background by every model at once, and enlarge each cutout as soon as it is there."""
        return await self._cutouts(request, await self._reader.cutouts(request, ProcessForm))

    async def estimate(self, request: Request) -> Response:
        """What a request would cost, and which models would run, without running it."""
        form = await read_json(request, EstimateForm)
        models = known_models(form.models, (*CHOICES, *self._specs), "models")
        statuses, quality = self._shotgun.statuses, self._shotgun.registry.service.quality
        selection = select_models(models, terms(form), statuses, request.state.key, pictures=form.pictures)
        return JSONResponse(estimate_body(selection, statuses, quality, form.pictures))

    async def upscale(self, request: Request) -> Response:
        """Enlarge a picture by Lanczos, transparency kept exact."""
        asked = await self._reader.enlargement(request)
        if self._later and asked.later:
            return await self._later(request, asked, asked.later)
        upscaled = await self._shotgun.upscale(await self._inputs.complete(asked))
        wall_ms = (time.perf_counter() - asked.began_s) * 1000
        if asked.reply.kind == "picture":
            return upscaled_response(asked.id, upscaled.encoded, asked.reply.output_format, wall_ms)
        body = upscale_body(asked.id, upscaled, asked.factor, wall_ms)
        return await asyncio.to_thread(PicturesResponse, body)

    async def _cutouts(self, request: Request, asked: AskedCutouts) -> Response:
        if self._later and asked.later:
            return await self._later(request, asked, asked.later)
        job = await self._inputs.complete(asked)
        if asked.reply.kind == "stream":
            return await stream_response(job, self._run, self._specs, asked.reply.media_type)
        winner = self._winner(asked, job.selection)
        result = await self._run(job, enough=winner.enough if winner else None)
        return await write(asked.reply, job.output, result, self._specs, loaded, winner=winner)

    def _winner(self, asked: AskedCutouts, selection: ModelSelection) -> WinnerChoice | None:
        """How one picture is chosen among several; None: by its score, or there is one only."""
        if asked.reply.kind != "picture" or asked.pick is None:
            return None
        if asked.pick != "best":
            return WinnerChoice()
        order = self._shotgun.statuses.worths.order(selection.models, asked.category)
        return WinnerChoice(order) if order else None
