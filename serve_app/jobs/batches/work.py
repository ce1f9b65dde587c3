"""The workflow of a batch: a step for each item, which begins its job and waits for its end; a few at a time.

The result of a step is stored, and the step is never run again. A step that a crash interrupted finds the job that it
began, which is durable by itself.
"""

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from typing import Any, Final

from dbos import DBOS

from cutout.errors import CutoutError, InternalError, ServiceUnavailable, ValidationError
from cutout.telemetry.job_context import follow
from serve_app.jobs.batches.batch import BATCH, ITEM_STATE, BatchOrder, ItemState
from serve_app.jobs.batches.budget import BatchBudget
from serve_app.jobs.batches.items import ItemOrders
from serve_app.jobs.batches.reading import ITEM, known_batch, spent_usd
from serve_app.jobs.execution import workflows
from serve_app.jobs.execution.events import JobEvents
from serve_app.jobs.execution.slots import Slots
from serve_app.jobs.reading import FINISH, SERVICE_FAILED, known_state, state_of
from serve_app.jobs.state import ORDER, JobState
from serve_app.jobs.webhooks.deliveries import Deliveries
from serve_app.requests.asked import BatchItem
from serve_app.storage.pictures import PictureStore

logger = logging.getLogger(__name__)
NEWS_S: Final = 1.0
"""Longest wait for news of a job: it may run in another worker."""
AGAIN_S, PATIENT_S = 2.0, 3600.0
"""Wait before an item is tried again whose store is away, and how long it is tried."""
STOP_S: Final = 30.0
"""Longest wait for the steps of a cancelled batch to stop."""


class BatchWork:
    """What the workflows of batches do."""

    def __init__(
        self,
        items: ItemOrders,
        store: PictureStore,
        slots: Slots,
        deliveries: Deliveries,
        events: JobEvents,
        *,
        at_a_time: int,
    ) -> None:
        self._items = items
        self._store = store
        self._slots = slots
        self._deliveries = deliveries
        self._events = events
        self._at_a_time = at_a_time
        self._working: dict[str, asyncio.Event] = {}
        """Batches that run in this process; set when their steps have stopped."""

    async def work(self, order: dict[str, Any]) -> None:
        """Run a batch to its end."""
        batch = BATCH.validate_python(order)
        follow(batch.batch_id)
        self._working[batch.batch_id] = asyncio.Event()
        try:
            await self._all(batch)
        finally:
            self._working.pop(batch.batch_id).set()
        await self._slots.free(batch.slot)  # before a caller can learn that it has ended, and send the next one
        await workflows.step(FINISH, self._finish, batch)
        if batch.webhook_url:
            await self._deliveries.begin(batch.batch_id)

    async def wind_up(self, batch_id: str) -> None:
        """Cancel the jobs of a batch that was cancelled, or broke, and report its end."""
        follow(batch_id)
        end = await workflows.step("stopped", self._stopped, batch_id)
        await workflows.cancelled(end["begun"])
        if end["has_webhook"]:
            await self._deliveries.begin(batch_id)

    async def _all(self, batch: BatchOrder) -> None:
        """Run the step of each item, `at_a_time` of them at once."""
        turns = asyncio.Semaphore(self._at_a_time)
        budget = BatchBudget(batch.max_cost_usd, batch.price_usd, partial(spent_usd, batch.batch_id))

        async def one(step: Any, number: int) -> None:
            async with turns:
                options = {"name": f"{ITEM}{number}", "preemptible": True}
                await step.run_async(options, self._item, batch, batch.items[number], budget)

        # Steps are numbered in the order of their reservation, not in the order in which they start.
        tasks = [one(DBOS.reserve_step(), number) for number in range(len(batch.items))]
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            if isinstance(outcome, BaseException):  # cancelled; all steps have stopped by now
                raise outcome

    async def _item(self, batch: BatchOrder, item: BatchItem, budget: BatchBudget) -> dict[str, Any]:
        """The result of an item, whatever becomes of its picture."""
        known = await state_of(item.job_id)
        try:
            await budget.take(is_new=known is None)
        except ValidationError as spent:
            result = ItemState.failed(spent)
        else:
            result = await self._result(batch, item, is_new=known is None)
            await budget.settle(result.cost_usd)
        stored: dict[str, Any] = ITEM_STATE.dump_python(result, mode="json")
        return stored

    async def _result(self, batch: BatchOrder, item: BatchItem, *, is_new: bool) -> ItemState:
        try:
            if is_new:
                await self._begin(batch, item)
            return ItemState.of(await self._end(item.job_id))
        except CutoutError as refused:
            return ItemState.failed(refused)
        except Exception:
            logger.exception("Unhandled exception in batch %s, at %s", batch.batch_id, item.name)
            return ItemState.failed(InternalError(SERVICE_FAILED))

    async def _begin(self, batch: BatchOrder, item: BatchItem) -> None:
        """Store the pictures of an item's job, and enqueue it behind the jobs of others."""
        until_s = time.monotonic() + PATIENT_S
        while True:
            try:
                order = await self._items.order(batch, item)
                return await _whole(workflows.keep(order.job_id, ORDER.dump_python(order, mode="json"), in_batch=True))
            except ServiceUnavailable as away:
                if time.monotonic() > until_s:
                    raise
                logger.warning("A picture of batch %s waits: %s", batch.batch_id, away.message)
                await asyncio.sleep(AGAIN_S)

    async def _end(self, job_id: str) -> JobState:
        """A job's state once it has ended."""
        while True:
            news = self._events.next(job_id)  # before the database is read, so that no step is missed
            state = await known_state(job_id)
            if state.ended:
                self._events.tell(job_id)
                return state
            with suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), NEWS_S)

    async def _finish(self, batch: BatchOrder) -> dict[str, Any]:
        await self._drop(batch)
        return {"at": time.time()}

    async def _stopped(self, batch_id: str) -> dict[str, Any]:
        """Wait until a batch's steps have stopped; which of its jobs have not ended, and whether it has a webhook."""
        if working := self._working.get(batch_id):
            try:
                await asyncio.wait_for(working.wait(), STOP_S)
            except TimeoutError:
                logger.warning("Batch %s is cancelled, and a step of it has not stopped", batch_id)
        state = await known_batch(batch_id)
        await self._slots.free(state.order.slot)
        await self._drop(state.order)
        pairs = zip(state.order.items, state.items, strict=True)
        begun = [item.job_id for item, known in pairs if known.phase in ("queued", "running")]
        return {"begun": begun, "has_webhook": state.order.webhook_url is not None}

    async def _drop(self, batch: BatchOrder) -> None:
        """Delete the background of all pictures, of which each job has a copy."""
        try:
            await self._store.drop_job(batch.batch_id)
        except CutoutError as away:
            logger.warning("Pictures of batch %s are left for the sweep: %s", batch.batch_id, away.message)


async def _whole(work: Coroutine[Any, Any, None]) -> None:
    """Do work to its end, also when the caller is cancelled meanwhile: what is enqueued is known to be."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
