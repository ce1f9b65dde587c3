"""The worker of durable jobs: an accepted job is done, whatever crashes. Ingress replicas call it.

A job's state is in the database (reading.py) and its pictures are in the store. Workflows, which survive a crash of
their process, do the work (workflows.py, steps.py, deliveries.py).
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import UTC, datetime

from dbos import DBOS, WorkflowStatus

from cutout.errors import Conflict, IdempotencyConflict, ValidationError
from cutout.ledger import Ledger
from serve_app.fanout.shotgun import Shotgun
from serve_app.jobs.batches.batch import BATCH, Batches, BatchOrder, BatchState
from serve_app.jobs.batches.items import ItemOrders
from serve_app.jobs.batches.reading import batch_of, known_batch
from serve_app.jobs.batches.work import BatchWork
from serve_app.jobs.execution import workflows
from serve_app.jobs.execution.events import JobEvents
from serve_app.jobs.execution.live_workers import LOOK_S
from serve_app.jobs.execution.steps import JobWork
from serve_app.jobs.jobs import Jobs
from serve_app.jobs.listing import job_page
from serve_app.jobs.reading import at_work, known_state, state_of, unfinished
from serve_app.jobs.state import ORDER, JobPage, JobQuery, JobState, Order
from serve_app.jobs.webhooks.attempts import Delivery
from serve_app.jobs.webhooks.deliveries import Deliveries
from serve_app.jobs.webhooks.sender import Sender
from serve_app.storage.pictures import SUFFIX, PictureStore
from serve_app.storage.quota import Quota
from serve_app.storage.signing import Signer
from serve_app.storage.sources import Sources

logger = logging.getLogger(__name__)
NEWS_S = 10.0
"""Longest silence of `changed`."""
SWEEP_EVERY_S = 3600.0
LOOK_EVERY_S = 10.0
"""How soon a restarted ledger learns of the slots that are taken, and the receiver of a job that broke."""
SWEEP_AT_MOST_EVERY_S = 300.0
"""Cached cutouts expire within an hour."""
COUNT_EVERY_S = 60.0
"""Time between two counts of the bytes in the store."""
ENDS = {workflows.JOB: workflows.BROKEN, workflows.BATCH: workflows.END_BATCH}
"""What ends a workflow that broke, by its name."""
OTHER_REQUEST = "This Idempotency-Key was used with another request before"


class JobsWorker(Jobs, Batches):
    """Accepts jobs and batches, runs them, and tells their states. `shotgun` records no jobs: it runs single models."""

    def __init__(
        self,
        shotgun: Shotgun,
        ledger: Ledger,
        store: PictureStore,
        signer: Signer,
        *,
        database_url: str,
        sender: Sender | None = None,
    ) -> None:
        self._store = store
        self._database_url = database_url
        self._spec = shotgun.registry.service.jobs
        sender = sender or Sender(self._spec.webhook)
        models = shotgun.registry.models
        self._deliveries = Deliveries(self._spec, models, store, signer, sender, instruments=shotgun.instruments)
        self._events = JobEvents()
        self._work = JobWork(shotgun, ledger, store, self._deliveries, self._events)
        items = ItemOrders(shotgun, store, Sources(self._spec.batch.sources))
        self._batch_work = BatchWork(
            items, store, self._work.slots, self._deliveries, self._events, at_a_time=self._spec.batch.at_a_time
        )
        self._quota = Quota(store, self._spec.store_bytes, at_work, shotgun.instruments)
        self._wound_up = set[str]()
        self._chores: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Start to work; jobs that an earlier process left unfinished come first."""
        await workflows.launch(
            workflows.Runners(self._work, self._batch_work), self._database_url, self._spec.concurrency
        )
        chores = (
            (workflows.take_over, LOOK_S),
            (self.look, LOOK_EVERY_S),
            (self.sweep, self._sweep_gap_s),
            (self.count, COUNT_EVERY_S),
        )
        self._chores = [asyncio.create_task(_forever(chore, gap_s)) for chore, gap_s in chores]

    async def close(self) -> None:
        """Stop; unfinished jobs continue after the next start."""
        for chore in self._chores:
            chore.cancel()
        await asyncio.to_thread(workflows.stop)

    async def check(self) -> dict[str, int]:
        """See Jobs."""
        await workflows.check()
        return self._quota.facts

    async def accept(self, order: Order) -> JobState:
        """See Jobs."""
        key_id = order.key.id if order.key else None
        await workflows.keep(order.job_id, ORDER.dump_python(order, mode="json"), key_id)
        state = await known_state(order.job_id)
        if state.order.fingerprint != order.fingerprint:
            raise IdempotencyConflict(OTHER_REQUEST)
        return state

    async def state(self, job_id: str) -> JobState | None:
        """See Jobs."""
        return await state_of(job_id)

    async def changed(self, job_id: str, progress: int) -> JobState | None:
        """See Jobs."""
        events = self._events.next(job_id)  # before the database is read, so that no step is missed
        state = await state_of(job_id)
        if state is None or state.ended:
            self._events.tell(job_id)  # no step follows
        elif state.progress <= progress:
            with suppress(TimeoutError):
                await asyncio.wait_for(events.wait(), NEWS_S)
            return await state_of(job_id)
        return state

    async def cancel(self, job_id: str) -> JobState:
        """See Jobs."""
        if not (await known_state(job_id)).ended:
            await workflows.cancelled([job_id])
        return await known_state(job_id)

    async def page(self, query: JobQuery) -> JobPage:
        """See Jobs."""
        return await job_page(query)

    async def forget(self, job_id: str) -> None:
        """See Jobs."""
        await self.cancel(job_id)
        await self._delete(job_id, await self._untold(job_id))

    async def delivery(self, job_id: str) -> Delivery | None:
        """See Jobs."""
        return await self._deliveries.of(job_id)

    async def redeliver(self, job_id: str) -> None:
        """See Jobs."""
        state = await known_state(job_id)
        if state.order.webhook_url is None:
            raise ValidationError("This job was made without a webhook_url")
        if not state.ended:
            raise Conflict("This job has not ended yet; its webhook is sent when it has")
        await self._deliveries.begin_again(job_id)

    async def accept_batch(self, order: BatchOrder) -> BatchState:
        """See Batches."""
        await workflows.keep_batch(order.batch_id, BATCH.dump_python(order, mode="json"))
        state = await known_batch(order.batch_id)
        if state.order.fingerprint != order.fingerprint:
            raise IdempotencyConflict(OTHER_REQUEST)
        return state

    async def batch(self, batch_id: str) -> BatchState | None:
        """See Batches."""
        return await batch_of(batch_id)

    async def cancel_batch(self, batch_id: str) -> BatchState:
        """See Batches."""
        if not (await known_batch(batch_id)).ended:
            await workflows.batch_cancelled(batch_id)
        return await known_batch(batch_id)

    async def forget_batch(self, batch_id: str) -> None:
        """See Batches."""
        state = await self.cancel_batch(batch_id)
        for item in state.order.items:
            await self._delete(item.job_id, await workflows.belonging_to(item.job_id))
        await self._delete(batch_id, await self._untold(batch_id))

    async def look(self) -> None:
        """Take the slots of all that is unfinished, and end the jobs and batches that broke."""
        await self._work.slots.hold(unfinished())
        broken = await DBOS.list_workflows_async(
            name=list(ENDS), status=list(workflows.FAULTS), load_input=False, load_output=False
        )
        ends = {one.workflow_id: ENDS[one.name] for one in broken}
        for name in ends.keys() - self._wound_up:
            await workflows.enqueue(ends[name], workflows.WEBHOOKS, f"{name}.broken", name)
        self._wound_up = set(ends)

    @property
    def _sweep_gap_s(self) -> float:
        return min(SWEEP_EVERY_S, max(SWEEP_AT_MOST_EVERY_S, self._spec.compose_s))

    async def sweep(self) -> None:
        """Delete jobs and batches that ended more than `keep_s` ago, with their deliveries, and their pictures."""
        limit = datetime.fromtimestamp(time.time() - self._spec.keep_s, UTC).isoformat()
        old = await DBOS.list_workflows_async(
            name=list(ENDS), completed_before=limit, load_input=False, load_output=False
        )
        for job in old:
            belongs = await workflows.belonging_to(job.workflow_id)
            if not any(workflow.status in workflows.ACTIVE for workflow in belongs):
                await self._delete(job.workflow_id, belongs)
        await self._store.sweep(self._spec.keep_s)
        await self._store.sweep(self._spec.compose_s, SUFFIX)

    async def _untold(self, ended_id: str) -> list[WorkflowStatus]:
        """The workflows of what has ended, once its webhook is tried no more."""
        belongs = await workflows.belonging_to(ended_id)
        await DBOS.cancel_workflows_async([workflow.workflow_id for workflow in belongs])
        return belongs

    async def _delete(self, job_id: str, belongs: Sequence[WorkflowStatus]) -> None:
        await self._store.drop_job(job_id)
        await DBOS.delete_workflows_async([workflow.workflow_id for workflow in belongs])

    async def count(self) -> None:
        """Measure the store, and delete its oldest pictures when it is over its limit."""
        await self._quota.hold()


async def _forever(chore: Callable[[], Awaitable[None]], gap_s: float) -> None:
    while True:
        try:
            await chore()
        except Exception:
            logger.exception("The %s failed, and is tried again in %g s", chore.__name__, gap_s)
        await asyncio.sleep(gap_s)
