"""POST /jobs/{job_id}/edit: a cutout whose matte was mended by hand. No model runs, and it is free."""

import asyncio
import time
from dataclasses import replace
from functools import partial

from starlette.requests import Request
from starlette.responses import Response

from cutout.errors import ValidationError
from cutout.jobs import Output
from cutout.limits import OWN_FILES
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.mended import mended
from cutout.pixels.plain import Size
from cutout.pixels.types import Rgba
from cutout.results import CutoutFile, CutoutPixels, ModelResult, Result
from serve_app.endpoints.kept_jobs import KeptJobs
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.parts import known_specs
from serve_app.requests.read import Reader
from serve_app.responses.write import loaded, write
from serve_app.storage.edits import EDITED, Edit, Edits
from serve_app.storage.kept import CachedCutout, CachedJob
from serve_app.storage.pictures import PictureStore


class EditEndpoint:
    """Mends whole cutouts that the cache and durable jobs have stored."""

    def __init__(self, shotgun: Shotgun, kept_jobs: KeptJobs, reader: Reader, store: PictureStore) -> None:
        self._shotgun = shotgun
        self._kept_jobs = kept_jobs
        self._reader = reader
        self._store = store
        self._edits = Edits(store)

    async def edit(self, request: Request) -> Response:
        """Replace the matte of a finished job's cutout by one that was mended by hand.

        The edited cutout is kept with the job under the id `edited`, in the place of an earlier one.
        """
        asked = await self._reader.edit(request)
        kept = await self._kept_jobs.of(request)
        output = Output(asked.reply.output_format, kept.factor, keep_whole=True, method=kept.method)
        self._shotgun.second_stage.check(output, kept.input_size)
        pixels = await self._mended(kept, _cutout(kept, asked.model_id), asked.mask)
        made = await self._shotgun.second_stage.cutout(pixels, output, None)
        wall_ms = (time.perf_counter() - asked.began_s) * 1000
        result = ModelResult(EDITED, made, wall_ms)
        if isinstance(made, CutoutFile):
            await self._edits.put(kept.job_id, kept.suffix, Edit(made, wall_ms), made.whole or made.encoded)
        specs = known_specs([pixels.source_id], self._shotgun.registry.models)
        return await write(asked.reply, output, Result(kept.job_id, (result,), kept.input_size, wall_ms), specs, loaded)

    async def _mended(self, kept: CachedJob, of: CachedCutout, mask: bytes) -> CutoutPixels:
        decoder = self._shotgun.decoder
        matte = await decoder.decode(mask, "mask", partial(_check_size, kept.input_size))
        picture = kept.removal.input(await decoder.decode(await self._kept_jobs.sent(kept)))
        source = of.cutout.source_id
        spec = self._shotgun.registry.models.get(source)
        before = await self._before(kept, of)
        rgba = await asyncio.to_thread(mended, picture, matte.rgb[..., 0], before, spec is None or spec.decontaminate)
        known = replace(
            of.cutout, model_id=EDITED, size=picture.size, cost_usd=0.0, times_ms={}, note=None, descriptor=None
        )
        return CutoutPixels.of(replace(known, edited_from=source), rgba, picture.dpi)

    async def _before(self, kept: CachedJob, of: CachedCutout) -> Rgba | None:
        """The cutout that is mended; None where it was enlarged, so that its pixels are not the picture's."""
        if kept.factor:
            return None
        file = await self._store.get(kept.job_id, of.name)
        return await asyncio.to_thread(lambda: decode(file, OWN_FILES).rgba())


def _cutout(kept: CachedJob, model_id: str) -> CachedCutout:
    for one in kept.cutouts:
        if one.cutout.model_id == model_id:
            return one
    known = ", ".join(one.cutout.model_id for one in kept.cutouts) or "it has none"
    raise ValidationError.of_field("model_id", f"model_id: a cutout of this job is expected: {known}", model_id)


def _check_size(picture: Size, mask: Size) -> None:
    if mask != picture:
        expected, given = (f"{one.width}x{one.height}" for one in (picture, mask))
        raise ValidationError.of_field(
            "mask", f"mask: {expected} pixels expected, as the picture has, not {given}", given
        )
