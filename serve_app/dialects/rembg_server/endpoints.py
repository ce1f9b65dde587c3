"""GET and POST /api/remove, each a list of named steps."""

import asyncio
from collections.abc import Mapping
from typing import Any, TypeVar

import pydantic
from starlette.requests import Request
from starlette.responses import Response

from cutout.errors import ValidationError
from cutout.jobs import new_id
from cutout.models.selection import FUSED
from cutout.pixels.composite import compose
from cutout.pixels.encoding.encode import encode
from cutout.pixels.finishing.placement import opacity, over
from cutout.pixels.picture import Picture
from cutout.pixels.plain import MEDIA_TYPES
from cutout.pixels.smooth import smoothed
from cutout.pixels.types import Matte
from cutout.removal import Removal
from cutout.results import CutoutPixels
from fetching.fetch import Fetcher
from serve_app.dialects.one_model import OneModel, answering_model
from serve_app.dialects.rembg_server.errors import WrongParameter
from serve_app.dialects.rembg_server.form import RembgFileForm, RembgForm, RembgUrlForm
from serve_app.fanout.shotgun import Shotgun
from serve_app.requests.bodies.fields import MULTIPART, Wanted, explained, query_fields, read_fields

F = TypeVar("F", bound=RembgForm)
WANTED = Wanted((MULTIPART,), files=("file",))


class RembgEndpoints:
    """Both methods."""

    def __init__(self, shotgun: Shotgun) -> None:
        self._shotgun = shotgun
        self._one_model = OneModel(shotgun.cut_out, shotgun.statuses)
        self._service = shotgun.registry.service
        self._fetcher = Fetcher(self._service.fetch, self._service.limits.body_bytes, field="url")

    async def from_url(self, request: Request) -> Response:
        """Remove the background of the picture at an address, for callers of `rembg s`; docs/drop-in.md."""
        form = _checked(RembgUrlForm, _query(request), "query")
        model = self._model(form, "query")
        return await self._answer(request, form, model, await self._fetched(form.url))

    async def from_file(self, request: Request) -> Response:
        """Remove the background of a file, for callers of `rembg s`; docs/drop-in.md has each parameter."""
        form = _checked(RembgFileForm, await self._parts(request), "body")
        return await self._answer(request, form, self._model(form, "body"), form.file)

    async def close(self) -> None:
        """Close what is still open."""
        await self._fetcher.close()

    async def _answer(self, request: Request, form: RembgForm, model: str, image: bytes) -> Response:
        picture = await self._shotgun.decoder.decode(image, "file")
        job_id = new_id()
        soft = not (form.ppm or form.om)
        removal = Removal(decontaminate=(form.dc or form.a) and soft, refine=form.a and soft)
        cutout = await self._one_model.cut_out(job_id, model, picture, request.state.key, removal=removal)
        content = await asyncio.to_thread(_written, form, picture, cutout)
        return Response(content, 200, {"X-Job-Id": job_id}, MEDIA_TYPES["png"])

    async def _parts(self, request: Request) -> dict[str, Any]:
        try:
            return await read_fields(request, self._service.limits, WANTED)
        except ValidationError as wrong:
            raise WrongParameter(wrong, "body") from wrong

    async def _fetched(self, url: str) -> bytes:
        try:
            return await self._fetcher.fetch(url)
        except ValidationError as failed:
            raise ValidationError(failed.message) from failed  # `detail` is a sentence, as in rembg's server

    def _model(self, form: RembgForm, where: str) -> str:
        """The deployed model with the weights of rembg's model of that name; without one, what service.yaml names."""
        specs = self._shotgun.registry.models
        if form.model is None:
            named = answering_model(self._service.drop_in.model)
            if named == FUSED:
                return named
            spec = specs[named]
        else:
            names = {str(s.options["weights"].get("name")): s for s in specs.values() if "weights" in s.options}
            if form.model not in names:
                message = f"model: {form.model[:64]!r} is not deployed here; deployed: {', '.join(names) or 'none'}"
                raise WrongParameter(ValidationError.of_field("model", message, form.model), where)
            spec = names[form.model]
        if form.dc and not spec.decontaminate:
            message = f"dc: {spec.id} leaves colours as they are here; decontaminate: true expected in its file"
            raise WrongParameter(ValidationError.of_field("dc", message, "true"), where)
        return spec.id


def _checked(form: type[F], values: Mapping[str, Any], where: str) -> F:
    try:
        return form.model_validate(values)
    except pydantic.ValidationError as wrong:
        raise WrongParameter(explained(wrong), where) from None


def _query(request: Request) -> dict[str, Any]:
    try:
        return query_fields(request)
    except ValidationError as wrong:
        raise WrongParameter(wrong, "query") from wrong


def _written(form: RembgForm, picture: Picture, cutout: CutoutPixels) -> bytes:
    """The PNG file that is asked for."""
    rgba = cutout.rgba
    alpha = smoothed(opacity(rgba)) if form.ppm else opacity(rgba)
    if form.om:
        return encode(alpha, "png", dpi=picture.dpi)
    if form.ppm:
        rgba = compose(picture, Matte(alpha), clean=False)
    return encode(rgba if form.bgc is None else over(rgba, *form.bgc), "png", dpi=picture.dpi)
