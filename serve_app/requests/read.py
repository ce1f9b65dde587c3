"""Request -> one complete, frozen value. Everything that needs no I/O beyond the request's own body is checked here."""

import asyncio
import time

from starlette.requests import Request

from cutout.jobs import new_id
from cutout.models.registry import Registry
from cutout.models.selection import CHOICES
from cutout.pixels.finish import check_format, check_transparency
from cutout.pixels.plain import MEDIA_TYPES, EnlargingMethod
from cutout.removal import Removal
from cutout.telemetry.job_context import follow
from serve_app.contract import FinishForm, ProcessForm, RemoveForm, UpscaleForm
from serve_app.requests.accept import JSON, STREAMS, ZIP, Reply, reply_to
from serve_app.requests.asked import AskedComposition, AskedCutouts, AskedEdit, AskedEnlargement, AskedFinish
from serve_app.requests.finish import finish_reply, read_finish
from serve_app.requests.forms import (
    check_delivery,
    check_pick,
    known_models,
    read_compose,
    read_edit,
    read_form,
    terms,
)
from serve_app.requests.later import is_durable, read_later


class Reader:
    """Reads the requests of one service; `durable`: it has durable jobs.

    Each method raises, naming the request's field:
        ValidationError: wrong content type, form or field.
        MissingImage: neither picture nor address.
        UnsupportedMediaType: a body that is compressed.
        ImageTooLarge: a picture of more than `limits.body_bytes`; the rest is not read.
    """

    def __init__(self, registry: Registry, *, durable: bool) -> None:
        self._limits = registry.service.limits
        self._known = registry.models
        self._presets = registry.presets
        self._durable = durable

    async def cutouts(self, request: Request, form_type: type[RemoveForm | ProcessForm]) -> AskedCutouts:
        """A request for cutouts."""
        form, picture = await read_form(request, form_type, self._limits)
        began_s, job_id = time.perf_counter(), new_id()
        follow(job_id)
        models, factor, method = self._models(form)
        reply = finish_reply(_accept(request), form, (ZIP, *STREAMS))
        check_delivery(form, reply)
        durable = self._durable and is_durable(request, form)
        check_pick(form, models, reply, durable=durable)
        finish, later = await self._finish(form), None
        if durable:
            given = (request, form, reply.output_format, picture, finish.background)
            later = await asyncio.to_thread(read_later, *given)
        return AskedCutouts(
            id=job_id,
            picture=picture,
            models=models,
            factor=factor,
            method=method,
            finish=finish,
            removal=Removal(form.transparency_handling, refine=form.refine),
            terms=terms(form),
            pick=form.pick,
            category=form.image_category,
            reply=reply,
            key=request.state.key,
            began_s=began_s,
            later=later,
        )

    async def enlargement(self, request: Request) -> AskedEnlargement:
        """A request to enlarge the caller's own picture."""
        form, picture = await read_form(request, UpscaleForm, self._limits)
        began_s, job_id = time.perf_counter(), new_id()
        follow(job_id)
        reply = _enlargement_reply(_accept(request), form)
        check_delivery(form, reply)
        durable = self._durable and is_durable(request, form)
        later = (request, form, reply.output_format, picture)
        return AskedEnlargement(
            id=job_id,
            picture=picture,
            factor=form.scale_factor,
            method=form.method,
            preserve_alpha=form.preserve_alpha,
            reply=reply,
            key=request.state.key,
            began_s=began_s,
            later=await asyncio.to_thread(read_later, *later) if durable else None,
        )

    async def composition(self, request: Request) -> AskedComposition:
        """A request for another finish of cutouts that are kept."""
        form = await read_compose(request, self._limits)
        began_s = time.perf_counter()
        reply = finish_reply(_accept(request), form, (ZIP,))
        models, finish = tuple(form.include_models), await self._finish(form)
        return AskedComposition(models, form.upscale_factor, form.method, finish, reply, began_s)

    async def edit(self, request: Request) -> AskedEdit:
        """A request to mend a cutout that is kept."""
        model_id, mask = await read_edit(request, self._limits)
        began_s = time.perf_counter()
        reply = reply_to(_accept(request), (), None, list(MEDIA_TYPES), Reply(JSON, "png"))
        check_format("cutout", reply.output_format, has_background=False)
        return AskedEdit(model_id, mask, reply, began_s)

    def _models(self, form: RemoveForm | ProcessForm) -> tuple[tuple[str, ...], int | None, EnlargingMethod]:
        """The models asked for, the upscale factor, and its method."""
        known = (*CHOICES, *self._known)
        if isinstance(form, ProcessForm):
            return known_models(form.bg_models, known, "bg_models"), form.upscale_factor, form.method
        return known_models(form.include_models, known, "include_models"), None, "lanczos"

    async def _finish(self, form: FinishForm) -> AskedFinish:
        return await read_finish(form, self._limits, self._presets)


def _accept(request: Request) -> str:
    return request.headers.get("accept", "")


def _enlargement_reply(accept: str, form: UpscaleForm) -> Reply:
    asked = form.output_format if "output_format" in form.model_fields_set else None
    possible = [name for name in MEDIA_TYPES if name != "jpeg" or not form.preserve_alpha]
    reply = reply_to(accept, (), asked, possible, Reply(JSON, form.output_format))
    check_transparency(reply.output_format, form.preserve_alpha)
    return reply
