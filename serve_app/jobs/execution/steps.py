"""The workflow of a durable job: a step for each model, and one for `fused` after them; or a single upscale.

The result of a step is stored, and the step is never run again.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

from dbos import DBOS
from dbos import error as dbos_error

from cutout.cascade import next_step
from cutout.errors import CutoutError
from cutout.ledger import Ledger
from cutout.models.selection import FUSED
from cutout.picks.job_record import JobRecord
from cutout.scoring import compared
from cutout.telemetry.job_context import follow
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.execution import workflows
from serve_app.jobs.execution.events import JobEvents
from serve_app.jobs.execution.job_pictures import JobPictures
from serve_app.jobs.execution.model_steps import ModelSteps
from serve_app.jobs.execution.paid_cutouts import PaidCutouts
from serve_app.jobs.execution.slots import Slots
from serve_app.jobs.reading import FINISH, MODEL, NEXT, UPSCALE, known_state
from serve_app.jobs.state import (
    COMPARISON,
    ORDER,
    STEP,
    JobState,
    Order,
)
from serve_app.jobs.webhooks.deliveries import Deliveries
from serve_app.storage.pictures import PictureStore

logger = logging.getLogger(__name__)
StepCall: TypeAlias = tuple[str, Callable[..., Awaitable[dict[str, Any]]], tuple[Any, ...]]
"""A step: its name, its function, and the arguments that follow the order."""
STOP_S = 30.0
"""Longest wait for the models of a cancelled job to stop."""
RECORD: Any = {"name": "record", "retries_allowed": True, "max_attempts": 8, "interval_seconds": 1.0}
"""Retries while the ledger is unavailable: for two minutes, with growing gaps; then the job ends without a record."""


class JobWork:
    """What the workflows do. `shotgun` records no jobs: it runs one model of a job at a time."""

    def __init__(
        self, shotgun: Shotgun, ledger: Ledger, store: PictureStore, deliveries: Deliveries, events: JobEvents
    ) -> None:
        self._shotgun = shotgun
        self._ledger = ledger
        self.slots = Slots(ledger)
        keep_whole = shotgun.registry.service.jobs.compose_s > 0
        self._pictures = JobPictures(store, shotgun.decoder, keep_whole=keep_whole)
        self._paid_cutouts = PaidCutouts(store, self._pictures.put)
        self._model_steps = ModelSteps(shotgun, self._pictures, self._paid_cutouts)
        self._deliveries = deliveries
        self._events = events
        self._working: dict[str, asyncio.Event] = {}
        """Jobs that run in this process; set when they have stopped."""

    async def work(self, order: dict[str, Any]) -> None:
        """See workflows.JobRunner."""
        kept = ORDER.validate_python(order)
        follow(kept.job_id)
        self._working[kept.job_id] = asyncio.Event()
        try:
            await self._work(kept)
        finally:
            self._working.pop(kept.job_id).set()
            self._events.tell(kept.job_id)

    async def deliver(self, job_id: str) -> None:
        """See workflows.JobRunner."""
        await self._deliveries.deliver(job_id)

    async def wind_up(self, job_id: str) -> None:
        """See workflows.JobRunner."""
        follow(job_id)
        has_webhook = await workflows.step("stopped", self._stopped, job_id)
        await self._record(job_id)
        if has_webhook:
            await self._deliveries.begin(job_id)

    async def _work(self, order: Order) -> None:
        if order.selection.is_auto:
            await self._in_steps(order)
        else:
            self._events.tell(order.job_id)
            await self._together(order, self._steps(order))
        if order.selection.is_fused:
            await self._together(order, [self._model_step(FUSED)])
        await self.slots.free(order.slot)  # before a caller can learn that the job has ended, and send the next one
        end = await workflows.step(FINISH, self._finish, order)
        self._events.tell(order.job_id)
        if not end.get("recorded"):
            await self._record(order.job_id)
        if order.webhook_url:
            await self._deliveries.begin(order.job_id)

    async def _in_steps(self, order: Order) -> None:
        """Run as many of the order's models as are needed.

        Each decision is a step: a replay follows the stored ones, even if thresholds or models have changed since.
        """
        while True:
            step = STEP.validate_python(await workflows.step(NEXT, self._next, order))
            if not step.models:
                return  # what follows is told at once, and this with it: each telling costs reads of the database
            self._events.tell(order.job_id)
            await self._together(order, [self._model_step(name) for name in step.models])

    async def _next(self, order: Order) -> dict[str, Any]:
        """The models to run after those that have run, none when no more are needed, and why: a Step."""
        registry, done = self._shotgun.registry, (await known_state(order.job_id)).results
        specs = [registry.models[name] for name in order.models if name in registry.models]
        comparison = await asyncio.to_thread(compared, done, registry)
        step = next_step(specs, [one.model_id for one in done], comparison, registry.service.quality)
        stored: dict[str, Any] = STEP.dump_python(step, mode="json")
        return stored

    async def _together(self, order: Order, steps: Sequence[StepCall]) -> list[dict[str, Any]]:
        """Run steps concurrently; their outputs."""
        # Steps are numbered in the order of their reservation, not in the order in which they start.
        tasks = [self._one_step(DBOS.reserve_step(), order, *step) for step in steps]
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):  # cancelled; all steps have stopped by now
                raise outcome
        return [outcome for outcome in outcomes if not isinstance(outcome, BaseException)]

    def _steps(self, order: Order) -> list[StepCall]:
        """The steps of an order."""
        if order.enlargement:
            return [(UPSCALE, self._model_steps.enlarge, (order.enlargement,))]
        return [self._model_step(model_id) for model_id in order.models]

    def _model_step(self, model_id: str) -> StepCall:
        return MODEL + model_id, self._model_steps.run, (model_id,)

    async def _one_step(self, step: Any, order: Order, name: str, work: Any, more: tuple[Any, ...]) -> dict[str, Any]:
        output: dict[str, Any] = await step.run_async({"name": name, "preemptible": True}, work, order, *more)
        self._events.tell(order.job_id)
        return output

    async def _finish(self, order: Order) -> dict[str, Any]:
        """Delete pictures that are needed no more, and record the job: a pick can refer to it once it has ended."""
        try:
            await self._pictures.drop(order)
            for model_id in order.models:
                await self._paid_cutouts.drop(order.job_id, model_id)
        except CutoutError as away:
            logger.warning("Pictures of job %s are left for the sweep: %s", order.job_id, away.message)
        state = await known_state(order.job_id)
        comparison = await asyncio.to_thread(compared, state.results, self._shotgun.registry)
        try:
            recorded = await self._entered(replace(state, comparison=comparison))
        except CutoutError as away:
            logger.warning("Job %s ends before its record: %s", order.job_id, away.message)
            recorded = False
        return {"at": time.time(), "recorded": recorded, "comparison": COMPARISON.dump_python(comparison, mode="json")}

    async def _record(self, job_id: str) -> None:
        """Record a job's results; repeating it changes nothing."""
        try:
            await DBOS.run_step_async(RECORD, self._recorded, job_id)
        except dbos_error.DBOSMaxStepRetriesExceeded:
            logger.exception("Job %s could not be recorded, and goes on without", job_id)

    async def _recorded(self, job_id: str) -> bool:
        return await self._entered(await known_state(job_id))

    async def _entered(self, state: JobState) -> bool:
        """Record a job; one that was cancelled before it did anything does not count in the statistics."""
        if state.results:
            order = state.order
            asked = (order.selection.asked, order.output_format, order.factor)
            record = JobRecord.of(*asked, order.key, state.result, created_at=order.created_at)
            await self._ledger.record(record)
        return True

    async def _stopped(self, job_id: str) -> bool:
        """Wait until the models of a job have stopped; whether it has a webhook."""
        if working := self._working.get(job_id):
            try:
                await asyncio.wait_for(working.wait(), STOP_S)
            except TimeoutError:
                logger.warning("Job %s is cancelled, and a model of it has not stopped", job_id)
        order = (await known_state(job_id)).order
        await self.slots.free(order.slot)
        self._events.tell(job_id)
        return order.webhook_url is not None
