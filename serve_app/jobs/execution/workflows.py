"""DBOS: its queues, and the workflows of durable jobs, which it finds by name after a restart.

A process has one DBOS and its Runners, which do the work (steps.py, deliveries.py, ../batches/work.py). Steps are
replayed by order: increase VERSION when their order changes. Jobs of an older version are not continued.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, Protocol

from dbos import (
    DBOS,
    DBOSClient,
    DBOSConfig,
    DBOSPortableJSONSerializer,
    SetWorkflowID,
    WorkflowStatus,
    _workflow_commands,
    error,
)

from cutout.errors import ServiceUnavailable
from serve_app.jobs.execution.database import prepared, refusing
from serve_app.jobs.execution.live_workers import KIND, Workers
from serve_app.jobs.execution.wake import IDLE_S, Queues

logger = logging.getLogger(__name__)
JOB, WEBHOOK, CANCEL, BROKEN = "job", "webhook", "cancel", "broken"
BATCH, END_BATCH = "batch", "end_batch"
JOBS, WEBHOOKS, BATCHES = "jobs", "webhooks", "batches"
"""Queues."""
FAULTS = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
"""DBOS statuses of a workflow that broke."""
ACTIVE = ("ENQUEUED", "PENDING", "DELAYED")
"""DBOS statuses of a workflow that has not ended."""
NAME = "cutout"
VERSION = "1"
RESULT_S = 0.1
"""Gap between two looks for the end of what is waited for."""
STOP_S = 0.1
"""Gap between two looks of DBOS at events and streams, which nobody here waits for; it bounds how long a stop takes."""
CHORES_S = 60.0
"""Seconds between two looks for schedules, and for workflows whose delay or time is over; no job has either. The latter
is a constant of 1 s in DBOS 3.4, and no setting."""
LIVES = 20
"""Maximum recoveries before a job is marked failed: the job itself may crash its process."""
BATCH_LIVES = 1000
"""The same of a batch, which may be at work for days; its jobs have their own."""
IN_BATCH = {"priority": 1}
"""A job of a batch starts after those that were sent by themselves, which have no number."""


class JobRunner(Protocol):
    """Does the work of the workflows."""

    async def work(self, order: dict[str, Any]) -> None:
        """Run a job to its end."""

    async def deliver(self, job_id: str) -> None:
        """Deliver a webhook, with all attempts."""

    async def wind_up(self, job_id: str) -> None:
        """Record and report a job that was cancelled, or broke."""


class BatchRunner(Protocol):
    """Does that of the workflows of batches."""

    async def work(self, order: dict[str, Any]) -> None:
        """Run a batch to its end."""

    async def wind_up(self, batch_id: str) -> None:
        """Cancel the jobs of a batch that was cancelled, or broke, and report its end."""


class Runners(NamedTuple):
    """What does the work of this process."""

    jobs: JobRunner
    batches: BatchRunner


_runners: Runners | None = None
_queues: Queues | None = None
_workers: Workers | None = None
"""The workers of this database; None on SQLite, which has one."""
_client: DBOSClient | None = None
"""Enqueues jobs; unlike DBOS itself it fails fast when the database is down."""


def _working() -> Runners:
    if _runners is None:
        raise RuntimeError("a workflow began before launch()")
    return _runners


@DBOS.workflow(name=JOB, max_recovery_attempts=LIVES)
async def job(order: dict[str, Any]) -> None:
    """Run an accepted job."""
    try:
        await _working().jobs.work(order)
    finally:
        _wake(JOBS)  # its slot is about to be free


@DBOS.workflow(name=WEBHOOK)
async def webhook(job_id: str) -> None:
    """Deliver the webhook of a job that has ended."""
    await _working().jobs.deliver(job_id)


@DBOS.workflow(name=CANCEL)
async def cancel(job_id: str) -> None:
    """Cancel a job; a workflow, so that a crash does not leave it half done."""
    await DBOS.cancel_workflow_async(job_id)
    await _working().jobs.wind_up(job_id)


@DBOS.workflow(name=BROKEN)
async def broken(job_id: str) -> None:
    """End a job that broke by an internal error, or has crashed its process LIVES times."""
    await _working().jobs.wind_up(job_id)


@DBOS.workflow(name=BATCH, max_recovery_attempts=BATCH_LIVES)
async def batch(order: dict[str, Any]) -> None:
    """Run an accepted batch."""
    await _working().batches.work(order)


@DBOS.workflow(name=END_BATCH)
async def end_batch(batch_id: str) -> None:
    """End a batch that is to be cancelled, or broke; a workflow for the reason that `cancel` is one."""
    await DBOS.cancel_workflow_async(batch_id)
    await _working().batches.wind_up(batch_id)


async def launch(runners: Runners, database_url: str, concurrency: int) -> None:
    """Start to work; jobs that an earlier process left unfinished come first. Workflows run on this event loop.

    `database_url` is as the ledger's: `sqlite:///path` or `postgresql://…`; in PostgreSQL a schema `dbos` is made.
    """
    global _runners, _client, _workers, _queues  # noqa: PLW0603 - DBOS keeps its workflows by name, one set a process
    if _runners:  # Serve's local testing mode does not stop the replicas of the previous application
        await asyncio.to_thread(stop)
    _runners, _queues, url = runners, Queues(), prepared(database_url)
    if not url.startswith("sqlite"):
        _workers = Workers(url, VERSION, _queues.wake)
        _workers.join()
    logging.getLogger("dbos").addFilter(_not_a_fault)
    config = DBOSConfig(
        name=NAME,
        system_database_url=url,
        # On SQLite there is one worker at a time; the next one continues the work of the last one at once.
        executor_id=_workers.name if _workers else KIND,
        application_version=VERSION,
        serializer=DBOSPortableJSONSerializer(),  # readable JSON in the database, and no pickles
        log_level="WARNING",
        notification_listener_polling_interval_sec=STOP_S,
        notification_coalesce_sec=STOP_S,
        scheduler_polling_interval_sec=CHORES_S,
    )
    _workflow_commands._BACKGROUND_JOBS_INTERVAL_SEC = CHORES_S
    dbos = DBOS(config=config)
    DBOS.listen_queues([])  # its own threads for them could not be woken
    DBOS.launch()
    if _workers:
        _workers.watch()
    _client = DBOSClient(
        system_database_url=url,
        serializer=DBOSPortableJSONSerializer(),
        application_name=NAME,
        retry_connection_errors=False,
    )
    for name, most in ((JOBS, concurrency), (WEBHOOKS, None), (BATCHES, None)):
        queue = await DBOS.register_queue_async(name, worker_concurrency=most, polling_interval_sec=IDLE_S)
        _queues.listen(dbos, queue)
    _wake()


def stop() -> None:
    """Stop the work in this process; the next one continues it."""
    global _runners, _client, _workers, _queues  # noqa: PLW0603 - see launch()
    if _queues:
        _queues.stop()
    DBOS.destroy()
    if _workers:
        _workers.leave()
    if _client:
        _client.destroy()
    _runners = _client = _workers = _queues = None


async def take_over() -> None:
    """Requeue the unfinished work of workers that have died."""
    if _workers and _workers.dead:
        logger.info("Workers have died, and their work is taken over: %s", ", ".join(_workers.dead))
        # Requeues only what still belongs to them, so that repeated or concurrent calls are safe.
        await asyncio.to_thread(DBOS._recover_pending_workflows, list(_workers.dead))
        _wake()


async def step(name: str, function: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    """Run one step of a workflow, or return its stored result when it has run before."""
    return await DBOS.run_step_async({"name": name}, function, *arguments)


async def keep(job_id: str, order: dict[str, Any], key_id: str | None = None, *, in_batch: bool = False) -> None:
    """Enqueue a job; one of this id that exists is left unchanged. Once this has returned, it survives any crash.

    `key_id` is that of the API key whose job it is, by which `listing.py` finds it; None: without a key, or in a batch.

    Raises:
        ServiceUnavailable: the database is unavailable or full; the job is not accepted.
    """
    owner: Any = {"authenticated_user": key_id} if key_id else {}
    await _kept(_options(JOB, JOBS, job_id) | owner | (IN_BATCH if in_batch else {}), order)


async def keep_batch(batch_id: str, order: dict[str, Any]) -> None:
    """Enqueue a batch; as `keep`."""
    await _kept(_options(BATCH, BATCHES, batch_id), order)


async def _kept(options: Any, order: dict[str, Any]) -> None:
    if _client is None:
        raise RuntimeError("a job came before launch()")
    with refusing():
        await _client.enqueue_async(options, order)
    _wake(options["queue_name"])


async def cancelled(job_ids: Sequence[str]) -> None:
    """Cancel jobs, so that none starts in the place of another; returns when their ends are recorded."""
    await DBOS.cancel_workflows_async(list(job_ids))
    for job_id in job_ids:
        with SetWorkflowID(f"{job_id}.cancel"):
            handle = await DBOS.start_workflow_async(cancel, job_id)
        await handle.get_result(polling_interval_sec=RESULT_S)


async def batch_cancelled(batch_id: str) -> None:
    """Cancel a batch; returns when its end is recorded."""
    with SetWorkflowID(f"{batch_id}.cancel"):
        handle = await DBOS.start_workflow_async(end_batch, batch_id)
    await handle.get_result(polling_interval_sec=RESULT_S)


async def check() -> None:
    """Return when jobs can be read and enqueued; raises ServiceUnavailable while the database is unavailable."""
    if _client is None:
        raise ServiceUnavailable("The worker of durable jobs has not begun")
    with refusing():
        await _client.list_workflows_async(limit=1, load_input=False, load_output=False)


async def belonging_to(job_id: str) -> list[WorkflowStatus]:
    """The workflows of a job: its own, and those of its webhook and its end."""
    return await DBOS.list_workflows_async(workflow_id_prefix=job_id, load_input=False, load_output=False)


async def enqueue(name: str, queue: str, workflow_id: str, argument: Any) -> None:
    """Enqueue a workflow that belongs to a job; an existing one of this id is left unchanged."""
    await DBOS.enqueue_workflow_with_options_async(_options(name, queue, workflow_id), argument)
    _wake(queue)


def _wake(queue: str | None = None) -> None:
    """Have this process look for work in a queue now, or in all; the database tells other workers (live_workers.py)."""
    if _queues:
        _queues.wake(queue)


def _options(name: str, queue: str, workflow_id: str) -> Any:
    return {"workflow_name": name, "queue_name": queue, "workflow_id": workflow_id}


def _not_a_fault(record: logging.LogRecord) -> bool:
    """Filters out what DBOS logs as an error, with a traceback, for every cancelled workflow."""
    fault = record.exc_info[1] if record.exc_info else None
    cancelled = isinstance(fault, error.DBOSAwaitedWorkflowCancelledError)
    return not cancelled and "was cancelled during execution" not in record.getMessage()
