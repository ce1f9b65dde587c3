"""The durable part of jobs: DBOS, its queues, and the workflows that it finds by name after a restart.

DBOS is one for a process, and so is the crew that does the work; what a workflow does is in work.py and
deliveries.py. A workflow's order of steps is its memory: a change of that order is a new VERSION, and jobs of an older
one are left.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol

from dbos import DBOS, DBOSClient, DBOSConfig, DBOSPortableJSONSerializer, error

from cutout.errors import ServiceUnavailable
from serve_app.jobs.database import prepared, refusing
from serve_app.jobs.workers import KIND, Workers

logger = logging.getLogger(__name__)
JOB, WEBHOOK, CANCEL, BROKEN = "job", "webhook", "cancel", "broken"
JOBS, WEBHOOKS = "jobs", "webhooks"
"""Queues."""
FAULTS = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")
"""DBOS's words for a workflow that broke."""
ACTIVE = ("ENQUEUED", "PENDING", "DELAYED")
"""DBOS's words for a workflow that is not over."""
NAME = "cutout"
VERSION = "1"
POLL_S = 0.1
"""Longest wait of a job for a free slot: two small queries each time, 3 % of a core on SQLite."""
WEBHOOK_POLL_S = 0.3
"""Longest wait of a webhook for its first attempt."""
LIVES = 20
"""How often a job is begun again after the process that had it died; then the job itself is thought to kill it."""


class JobRunner(Protocol):
    """Who does the work of the workflows."""

    async def work(self, order: dict[str, Any]) -> None:
        """All of a job."""

    async def deliver(self, job_id: str) -> None:
        """All attempts at a webhook."""

    async def wind_up(self, job_id: str) -> None:
        """The end of a job that was cancelled, or broke."""


_runner: JobRunner | None = None
_workers: Workers | None = None
"""On PostgreSQL, which may have several."""
_door: DBOSClient | None = None
"""By it comes what may be refused: unlike DBOS itself it does not wait for the database."""


def _working() -> JobRunner:
    if _runner is None:
        raise RuntimeError("a workflow began before launch()")
    return _runner


@DBOS.workflow(name=JOB, max_recovery_attempts=LIVES)
async def job(order: dict[str, Any]) -> None:
    """Everything that was promised when a job was accepted."""
    await _working().work(order)


@DBOS.workflow(name=WEBHOOK)
async def webhook(job_id: str) -> None:
    """A job's end, told to its receiver."""
    await _working().deliver(job_id)


@DBOS.workflow(name=CANCEL)
async def cancel(job_id: str) -> None:
    """A job's end before its time; itself a workflow, so that it is whole or not at all."""
    await DBOS.cancel_workflow_async(job_id)
    await _working().wind_up(job_id)


@DBOS.workflow(name=BROKEN)
async def broken(job_id: str) -> None:
    """The end of a job that broke by our own fault, or was at work in LIVES crashes."""
    await _working().wind_up(job_id)


async def launch(runner: JobRunner, database_url: str, concurrency: int) -> None:
    """Begin to work, with what an earlier process left first. Its workflows run on this event loop.

    `database_url` is as the ledger's: `sqlite:///path` or `postgresql://…`; in PostgreSQL a schema `dbos` is made.
    """
    global _runner, _door, _workers  # noqa: PLW0603 - DBOS keeps its workflows by name, one set a process
    if _runner:  # Serve's local testing mode does not end the replicas of the application before
        await asyncio.to_thread(stop)
    _runner, url = runner, prepared(database_url)
    if not url.startswith("sqlite"):
        _workers = Workers(url, VERSION)
        _workers.join()
    logging.getLogger("dbos").addFilter(_not_a_fault)
    config = DBOSConfig(
        name=NAME,
        system_database_url=url,
        # On SQLite there is one worker at a time, and the next one takes over at once what the last one left.
        executor_id=_workers.name if _workers else KIND,
        application_version=VERSION,
        serializer=DBOSPortableJSONSerializer(),  # the database holds JSON that people can read, and no pickles
        log_level="WARNING",
        notification_listener_polling_interval_sec=POLL_S,  # nothing is listened for; as soon as this it has stopped
    )
    DBOS(config=config)
    DBOS.launch()
    if _workers:
        _workers.watch()
    _door = DBOSClient(
        system_database_url=url,
        serializer=DBOSPortableJSONSerializer(),
        application_name=NAME,
        retry_connection_errors=False,
    )
    await DBOS.register_queue_async(JOBS, worker_concurrency=concurrency, polling_interval_sec=POLL_S)
    await DBOS.register_queue_async(WEBHOOKS, polling_interval_sec=WEBHOOK_POLL_S)


def stop() -> None:
    """End the work in this process; what is not done is for the next one."""
    global _runner, _door, _workers  # noqa: PLW0603 - see launch()
    DBOS.destroy()
    if _workers:
        _workers.leave()
    if _door:
        _door.destroy()
    _runner = _door = _workers = None


async def take_over() -> None:
    """Have somebody do what workers that have died were in the middle of."""
    if _workers and _workers.dead:
        logger.info("Workers have died, and their work is taken over: %s", ", ".join(_workers.dead))
        # It puts back into its queue what still belongs to them, so that one worker does it, whoever asks how often.
        await asyncio.to_thread(DBOS._recover_pending_workflows, list(_workers.dead))


async def step(name: str, function: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
    """Run one step of a workflow, or give what it gave when it ran before."""
    return await DBOS.run_step_async({"name": name}, function, *arguments)


async def keep(job_id: str, order: dict[str, Any]) -> None:
    """Have a job done; one of this id that is there already stays as it is.

    Raises:
        ServiceUnavailable: the database is away, or has no room; the job is not kept.
    """
    if _door is None:
        raise RuntimeError("a job came before launch()")
    with refusing():
        await _door.enqueue_async(_options(JOB, JOBS, job_id), order)


async def check() -> None:
    """Return when jobs could be read and kept now; raises ServiceUnavailable while the database is away."""
    if _door is None:
        raise ServiceUnavailable("The worker of durable jobs has not begun")
    with refusing():
        await _door.list_workflows_async(limit=1, load_input=False, load_output=False)


async def enqueue(name: str, queue: str, workflow_id: str, argument: Any) -> None:
    """Have a workflow done that follows from what was promised; one of this id that is there stays as it is."""
    await DBOS.enqueue_workflow_with_options_async(_options(name, queue, workflow_id), argument)


def _options(name: str, queue: str, workflow_id: str) -> Any:
    return {"workflow_name": name, "queue_name": queue, "workflow_id": workflow_id}


def _not_a_fault(record: logging.LogRecord) -> bool:
    """DBOS logs the traceback of every workflow that was cancelled, as an error."""
    fault = record.exc_info[1] if record.exc_info else None
    cancelled = isinstance(fault, error.DBOSAwaitedWorkflowCancelledError)
    return not cancelled and "was cancelled during execution" not in record.getMessage()
