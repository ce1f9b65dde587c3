"""What one step of a durable job does: run a model, combine the cutouts, or enlarge the picture.

Its outcome is returned as JSON, and its pictures are in the store by then.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, TypeVar

from cutout.errors import CutoutError, InternalError, LedgerAway, ModelUnavailable
from cutout.jobs import Enlargement, Job, Output
from cutout.models.selection import FUSED
from cutout.results import CutoutFile, CutoutPixels, Failure, ModelResult, UpscaledFile
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.execution.job_pictures import JobPictures
from serve_app.jobs.execution.paid_cutouts import PaidCutout, PaidCutouts
from serve_app.jobs.reading import known_state
from serve_app.jobs.state import MODEL_RESULT, UPSCALE_RESULT, UPSCALED, Order
from serve_app.jobs.stored_options import StoredEnlargement
from serve_app.telemetry.results import record_result

logger = logging.getLogger(__name__)
T = TypeVar("T")
PATIENT_S = 120.0
"""How long after the start a job waits for a model that is unavailable; later the model fails at once."""
PATIENT_EVERY_S = 1.0
LEDGER_AWAY_S = 120.0
"""How long a paid model waits for the ledger, which is away for seconds when its replica has died."""


class ModelSteps:
    """The work of steps. `shotgun` records no jobs: it runs one model of a job at a time."""

    def __init__(self, shotgun: Shotgun, pictures: JobPictures, paid_cutouts: PaidCutouts) -> None:
        self._shotgun = shotgun
        self._pictures = pictures
        self._paid_cutouts = paid_cutouts
        self._patient_until_s = time.monotonic() + PATIENT_S

    async def enlarge(self, order: Order, how: StoredEnlargement) -> dict[str, Any]:
        """The result of the upscale, or its failure; the picture is in the store."""
        outcome = await self._patiently(lambda: _or_failure(self._upscaled(order, how), UPSCALED, order), _is_absent)
        stored: dict[str, Any] = UPSCALE_RESULT.dump_python(outcome, mode="json")
        return stored

    async def _upscaled(self, order: Order, how: StoredEnlargement) -> UpscaledFile:
        given = (order.job_id, await self._pictures.input(order), how.factor)
        job = Enlargement(*given, order.output_format, how.preserve_alpha, method=how.method)
        upscaled = await self._shotgun.upscale(job)
        await self._pictures.put(order.job_id, order.name(UPSCALED), upscaled.encoded)
        return upscaled

    async def run(self, order: Order, model_id: str) -> dict[str, Any]:
        """One model's result, or its failure; the pictures are in the store."""
        outcome = await _or_failure(self._shoot(order, model_id), model_id, order)
        result: ModelResult = ModelResult(model_id, outcome, 0.0) if isinstance(outcome, Failure) else outcome
        record_result(self._shotgun.instruments, result)  # once, whatever the number of stages and retries
        stored: dict[str, Any] = MODEL_RESULT.dump_python(result, mode="json")
        return stored

    async def _shoot(self, order: Order, model_id: str) -> ModelResult[CutoutFile]:
        if model_id not in (FUSED, *self._shotgun.registry.models):
            raise ModelUnavailable(f"{model_id} is no longer a model of this service")
        shot = order.shot(model_id, await self._pictures.input(order), await self._pictures.output(order))
        if model_id == FUSED:
            result = await self._fused(shot, order)
        elif shot.output.is_plain and not order.selection.is_fused:
            result = await self._patiently(lambda: self._file(shot), _has_no_model)
        else:
            result = await self._in_stages(model_id, shot, order)
        if isinstance(result.outcome, CutoutFile):
            await self._pictures.keep(order, result.outcome)
        return result

    async def _fused(self, shot: Job, order: Order) -> ModelResult[CutoutFile]:
        """`fused` of the job's results so far, by their mattes in the store."""
        whole = replace(shot, selection=order.selection)
        mattes, done = await self._pictures.mattes(order), (await known_state(order.job_id)).results
        return await self._patiently(lambda: self._shotgun.fuse(whole, done, mattes), _has_no_model)

    async def _in_stages(self, model_id: str, shot: Job, order: Order) -> ModelResult[CutoutFile]:
        """One model's result, its cutout first: the stages after it can be retried without running the model again."""
        paid = self._shotgun.registry.models[model_id].is_paid
        cut = await self._paid_cutouts.find(order.job_id, model_id) if paid else None
        if cut is None:
            bare = replace(shot, output=Output())
            first = await self._patiently(lambda: self._pixels(bare), _has_no_model)
            if isinstance(first.outcome, Failure):
                return ModelResult(model_id, first.outcome, first.wall_ms)
            cut = PaidCutout(first.outcome, first.wall_ms)
            if paid:
                await self._paid_cutouts.keep(order.job_id, cut)
        pixels, spent_ms = cut.cutout, cut.wall_ms
        if order.selection.is_fused:
            await self._pictures.keep_matte(order, pixels)
        return await self._patiently(lambda: self._shotgun.finish(shot, pixels, spent_ms), _has_no_model)

    async def _file(self, shot: Job) -> ModelResult[CutoutFile]:
        return (await _once_priced(lambda: self._shotgun.run(shot))).results[0]

    async def _pixels(self, shot: Job) -> ModelResult[CutoutPixels]:
        return (await _once_priced(lambda: self._shotgun.cut_out(shot))).results[0]

    async def _patiently(self, stage: Callable[[], Awaitable[T]], is_absent: Callable[[T], bool]) -> T:
        """The result of a stage, retried while its model is still loading after a restart of the service."""
        while True:
            result = await stage()
            if not is_absent(result) or time.monotonic() > self._patient_until_s:
                return result
            await asyncio.sleep(PATIENT_EVERY_S)


async def _once_priced(run: Callable[[], Awaitable[T]]) -> T:
    """What a run of one model gives, once the ledger is there to set its price aside; nothing is paid before."""
    until_s = time.monotonic() + LEDGER_AWAY_S
    while True:
        try:
            return await run()
        except LedgerAway:
            if time.monotonic() > until_s:
                raise
        await asyncio.sleep(PATIENT_EVERY_S)


def _is_absent(outcome: object) -> bool:
    """Whether a stage failed because its model or the upscaler is unavailable."""
    return isinstance(outcome, Failure) and outcome.unavailable


def _has_no_model(result: ModelResult) -> bool:
    """The same for a model's stage. A model that may have been paid is not run again."""
    failed = result.outcome
    may_cost = failed.cost_usd > 0 and isinstance(failed, Failure) and failed.stage == "bg_removal"
    return _is_absent(failed) and not may_cost


async def _or_failure(work: Awaitable[T], name: str, order: Order) -> T | Failure:
    """The result, or the failure that an error becomes."""
    try:
        return await work
    except CutoutError as error:
        return Failure.of(name, error)
    except Exception:
        logger.exception("Unhandled exception in job %s", order.job_id)
        return Failure.of(name, InternalError("The service failed; its log has the reason"))
