"""The pipeline on Ray Data: entries, read and decoded, through a pool of actors for each model, finished and written.

Ray Data streams blocks of a few pictures from stage to stage, and holds a stage back while those after it have enough
to do, so that memory does not depend on the number of pictures.
"""

import asyncio
import logging
import os
import uuid
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
import ray
import ray.data
from ray.data import ActorPoolStrategy, DataContext, Dataset
from ray.data._internal.execution import streaming_executor_state
from ray.exceptions import RayActorError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from cutout.accounts.charges import Charge
from cutout.errors import CutoutError, ServiceUnavailable
from deployments import own_ray
from deployments.backends.base import Resources
from deployments.catalogue.entries import Entry
from deployments.catalogue.plan import Plan
from deployments.catalogue.shares import DETAILING, FINISHING, READING, Machines, Share
from deployments.catalogue.spending import Limits, Spending
from deployments.catalogue.stages.cutting import Budget, Cutting, Work
from deployments.catalogue.stages.detailing import Detailing
from deployments.catalogue.stages.finishing import Finishing
from deployments.catalogue.stages.reading import ENTRY, JSON, Reading, planes

BLOCK_BYTES = 12 * 1024 * 1024
"""Pixels of a block: one large picture, or several small ones, which share what a task costs."""
ENTRIES_A_BLOCK = 8
"""Small pictures of so many entries travel together; of more, a few blocks would keep one process busy at the end. By
`method: detail` one picture keeps a process busy for as long as many others do."""
STORE_BYTES = 1024 * 1024 * 1024
"""Shared memory of a Ray that is started here: some hundred megapixels on their way."""
CORES = len(os.sched_getaffinity(0))
ALONE = {
    own_ray.SEVERAL_MACHINES: "0",  # whatever the operator has set for the service
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_worker_niceness": "0",
}
"""Environment of a Ray that is started here, without lines about Ray Data's own actors on standard error (Ray 2.60)."""
SYSTEM_CONFIG = {
    "enable_worker_prestart": False,
    "prestart_worker_first_driver": False,
    "enable_metrics_collection": False,
}
"""Of such a Ray: no processes in reserve, and no metrics, which nobody would read."""
LOOP_S = 0.5
"""Ray Data schedules when a task ends, and each so many seconds: 0.1 in Ray 2.60, by which this process took twice the
processor time, 0.06 s a picture on a busy machine."""
AGAIN: Any = {"max_restarts": -1, "max_task_retries": -1}
"""Each call to the money may be repeated: what it does is done once."""


class RemoteBudget(Budget):
    """The money of a catalogue, in an actor."""

    def __init__(self, actor: Any) -> None:
        self._actor = actor

    async def reserve(self, hold_id: str, charge: Charge) -> str | None:
        """See Budget."""
        refused: str | None = await _answer(self._actor.reserve.remote(hold_id, charge))
        return refused

    async def settle(self, hold_id: str, charge: Charge) -> None:
        """See Budget."""
        await _answer(self._actor.settle.remote(hold_id, charge))


@contextmanager
def connected(address: str | None, networks: int) -> Iterator[None]:
    """A connection to the Ray cluster at an address, or, of None, to a Ray on this machine that ends with it.

    On this machine the stages of that many networks share the cores: more CPUs are declared than there are.
    """
    if address is None:
        os.environ.update(ALONE)
        own_ray.keep_on_loopback()
        local: dict[str, Any] = {"_node_ip_address": "127.0.0.1", "_system_config": SYSTEM_CONFIG}
        own_ray.start(CORES * (networks + 1), object_store_memory=STORE_BYTES, **local)
    else:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    try:
        yield
    finally:
        ray.shutdown()


def machines(address: str | None) -> Machines:
    """What the cluster at an address has, but for a CPU that reads and writes; of None, this machine's cores."""
    found = ray.cluster_resources()
    cpus = CORES if address is None else max(1.0, found.get("CPU", 1.0) - 1)
    return Machines(cpus, found.get("GPU", 0.0), found.get("memory", 0.0))


@contextmanager
def money(database_url: str, catalogue: str, limits: Limits) -> Iterator[Budget]:
    """A catalogue's money, in an actor on this machine, where its database may be a file."""
    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
    kind = ray.remote(Spending).options(num_cpus=0, scheduling_strategy=here, max_concurrency=1000, **AGAIN)
    actor = kind.remote(database_url, catalogue, limits, str(uuid.uuid4()))
    asyncio.run(_answer(actor.start.remote()))
    yield RemoteBudget(actor)


def finished(plan: Plan, left: Sequence[Entry], given: Mapping[str, Share], budget: Budget) -> Iterator[pa.Table]:
    """The rows of these entries as their pictures are finished; a row is stored before it is here."""
    context = DataContext.get_current()
    context.target_max_block_size = BLOCK_BYTES
    context.enable_progress_bars = False
    streaming_executor_state.WAIT_FOR_TASK_COMPLETION_TIMEOUT_S = LOOP_S  # a constant, and no setting
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    together = 1 if plan.detailed else ENTRIES_A_BLOCK
    starts = range(0, len(left), together)
    # As `from_arrow`, which starts processes on all CPUs to count the rows of these small tables.
    found: Dataset = ray.data.from_blocks([_entries(left[start : start + together]) for start in starts])
    found, carried = _stage(found, Reading, (plan,), given[READING]), planes(plan)
    for spec in plan.specs:
        share, carried = given[spec.id], (*carried, spec.id)
        resources = Resources(share.cpus, share.gpus, plan.compiled, limits=plan.registry.service.limits)
        work = Work(plan, spec, resources, share.at_once, carried)
        found = _stage(found, Cutting, (work, budget), share)
    if detailing := given.get(DETAILING):
        carried = (*carried, *(rendition.asked for rendition in plan.detailed))
        found = _stage(found, Detailing, (plan, round(detailing.cpus), carried), detailing)
    found = _stage(found, Finishing, (plan,), given[FINISHING])
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # a short catalogue leaves actors without work
        yield from found.iter_batches(batch_size=None, batch_format="pyarrow")


def _stage(found: Dataset, kind: type[Any], arguments: tuple[Any, ...], share: Share) -> Dataset:
    return found.map_batches(
        kind,
        batch_size=4 if share.gpus else None,  # Ray Data wants a number for a stage with GPUs
        batch_format="pyarrow",
        compute=ActorPoolStrategy(size=share.processes),
        fn_constructor_args=arguments,
        num_cpus=share.cpus,
        num_gpus=share.gpus,
    )


async def _answer(call: Any) -> Any:
    """The answer of an actor; its CutoutErrors are raised as they are."""
    try:
        return await call
    except RayTaskError as failed:
        if isinstance(failed.cause, CutoutError):
            raise failed.cause from None
        raise
    except RayActorError as died:
        raise ServiceUnavailable("The process that counts the money of the catalogue is gone") from died


def _entries(some: Sequence[Entry]) -> pa.Table:
    return pa.table({ENTRY: [JSON.dump_json(entry).decode() for entry in some]})
