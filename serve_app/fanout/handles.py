"""Serve handle -> plain async method; Ray's errors -> ours. The one seam where Ray's exceptions are caught."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import ray
from ray.exceptions import ObjectLostError, RayActorError, RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle, DeploymentResponse

from cutout.accounts.charges import Charge
from cutout.accounts.rate_limit import JobSlot, RateLimitDecision
from cutout.accounts.spec import LimitTier
from cutout.errors import (
    CutoutError,
    ModelBusy,
    ModelCrashed,
    ModelError,
    ModelUnavailable,
    NoMemory,
    ServiceUnavailable,
)
from cutout.jobs import Cutout, Failure, Upscaled
from cutout.models.spec import ModelSpec
from cutout.models.status import ModelStatus
from cutout.picks.job_record import JobRecord
from cutout.picks.pick import Logged, LoggedPick, Pick
from cutout.picks.statistics import Stats
from cutout.pixels.finish import Finish
from cutout.pixels.types import OutputFormat
from cutout.removal import Removal
from cutout.telemetry.job_context import current_job
from serve_app.fanout.queues import Queue
from serve_app.jobs.state import Delivery, JobState, Order

logger = logging.getLogger(__name__)
T = TypeVar("T")
LEDGER = "Ledger"
TRIES = 3
"""How often work without side effects is sent, when the replica that has it dies."""
LEDGER_S = 30.0
"""Longest wait for the ledger, which itself waits for its database."""
KEPT_S = 30.0
"""Longest wait for the jobs' replica, which itself waits for its database."""
CANCEL_S = 60.0
"""The same for a cancellation: the job's models may need half of it to let go."""


def put(value: Any) -> Any:
    """Store a value in Ray's object store and return its reference; in Serve's local testing mode, the value itself."""
    return ray.put(value) if ray.is_initialized() else value


class ModelHandle:
    """A removal model's deployment."""

    def __init__(self, spec: ModelSpec, handle: DeploymentHandle[Any], queue: Queue | None = None) -> None:
        """`queue` is of the tests' own where given."""
        self._name = spec.name
        self._handle = handle
        self._queue = queue or Queue()
        self._timeout_s = spec.timeout_s
        # A provider may have charged for work whose answer was lost: it is not sent again.
        self._tries = TRIES if spec.local else 1

    async def remove(
        self, picture: Any, output_format: OutputFormat | None, removal: Removal | None = None
    ) -> Cutout | Failure:
        """See shotgun.Model. What could not be done within the model's time, for all that is queued, is refused now."""
        wait_s = self._queue.sure_wait_s()
        if wait_s is not None and wait_s > self._timeout_s:
            message = f"{self._name} is busy: what is queued takes {wait_s} s, and a picture has {self._timeout_s:g} s"
            raise ModelBusy(message, {"retry_after_s": wait_s})
        call, job = self._handle.remove, current_job()
        sent = (picture, output_format, removal)
        return await _queued(self._queue, lambda: call.remote(*sent, part_of=job), self._name, self._tries)

    async def status(self) -> ModelStatus:
        """See shotgun.Model."""
        return await _sent(self._handle.status.remote, self._name, 1)


class UpscalerHandle:
    """The upscaler's deployment."""

    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle
        self._queue = Queue()

    async def upscale(
        self, cutout: Cutout, factor: int | None, output_format: OutputFormat, finish: Any, keep_whole: bool
    ) -> Cutout | Failure:
        """See shotgun.Enlarger."""
        call, job = self._handle.upscale, current_job()
        return await self._sent(lambda: call.remote(cutout, factor, output_format, finish, keep_whole, part_of=job))

    async def compose(
        self, whole: bytes, cutout: Cutout, output_format: OutputFormat, finish: Finish | None
    ) -> Cutout | Failure:
        """See shotgun.Enlarger."""
        call, job = self._handle.compose, current_job()
        return await self._sent(lambda: call.remote(whole, cutout, output_format, finish, part_of=job))

    async def upscale_picture(
        self, picture: Any, factor: int, output_format: OutputFormat, preserve_alpha: bool
    ) -> Upscaled:
        """See shotgun.Enlarger."""
        call, job = self._handle.upscale_picture, current_job()
        return await self._sent(lambda: call.remote(picture, factor, output_format, preserve_alpha, part_of=job))

    async def _sent(self, call: Callable[[], DeploymentResponse[T]]) -> T:
        return await _queued(self._queue, call, "Upscaler", TRIES)


class LedgerHandle:
    """The ledger's deployment: jobs and picks, the count of requests, the budgets."""

    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle

    async def check(self) -> None:
        """Whether it can be written; see dependencies.Dependency."""
        await _counted(self._handle.check.remote, 1)

    async def record(self, job: JobRecord) -> None:
        """See Ledger; so for all that follow."""
        await _counted(lambda: self._handle.record.remote(job, part_of=job.job_id), TRIES)

    async def select(self, pick: Pick, whose: str | None = None) -> Logged:
        """Keep a pick."""
        return await _counted(lambda: self._handle.select.remote(pick, whose), TRIES)

    async def stats(self) -> Stats:
        """What all picks add up to."""
        return await _counted(self._handle.stats.remote, TRIES)

    async def export(self, after: int = 0, whose: str | None = None) -> tuple[LoggedPick, ...]:
        """The next picks after a number."""
        return await _counted(lambda: self._handle.export.remote(after, whose), TRIES)

    async def admit(self, who: str, tier: LimitTier, cost: int) -> RateLimitDecision:
        """Count a request."""
        return await _counted(lambda: self._handle.admit.remote(who, tier, cost), 1)

    async def begin(self, who: str, tier: LimitTier, slot_id: str) -> RateLimitDecision:
        """Take a slot for a job."""
        return await _counted(lambda: self._handle.begin.remote(who, tier, slot_id), 1)

    async def hold(self, slots: Sequence[JobSlot]) -> None:
        """Have the slots of durable jobs taken."""
        await _counted(lambda: self._handle.hold.remote(slots), 1)

    async def end(self, slot_id: str) -> None:
        """Give the slot back."""
        await _counted(lambda: self._handle.end.remote(slot_id), 1)

    async def reserve(self, hold_id: str, charges: Sequence[Charge], ceilings: Mapping[str, float]) -> dict[str, str]:
        """Set charges aside."""
        return await _counted(lambda: self._handle.reserve.remote(hold_id, charges, ceilings), TRIES)

    async def left(self, ceilings: Mapping[str, float]) -> dict[str, float]:
        """What may still be spent today."""
        return await _counted(lambda: self._handle.left.remote(ceilings), TRIES)

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> None:
        """Book what was really spent."""
        await _counted(lambda: self._handle.settle.remote(hold_id, spent), TRIES)


class JobsHandle:
    """The deployment that keeps and works off durable jobs; see serve_app/jobs/worker.py for each method."""

    def __init__(self, handle: DeploymentHandle[Any]) -> None:
        self._handle = handle

    async def check(self) -> dict[str, int]:
        """Whether a job could be kept; see dependencies.Dependency."""
        return await _kept(self._handle.check.remote)

    async def accept(self, order: Order) -> JobState:
        """Keep a job. Sent again it is the same job."""
        return await _kept(lambda: self._handle.accept.remote(order))

    async def state(self, job_id: str) -> JobState | None:
        """How far it is."""
        return await _kept(lambda: self._handle.state.remote(job_id))

    async def changed(self, job_id: str, progress: int) -> JobState | None:
        """How far it is, when it has gone further."""
        return await _kept(lambda: self._handle.changed.remote(job_id, progress))

    async def cancel(self, job_id: str) -> JobState:
        """End it."""
        return await _kept(lambda: self._handle.cancel.remote(job_id), CANCEL_S)

    async def delivery(self, job_id: str) -> Delivery | None:
        """What became of its webhook."""
        return await _kept(lambda: self._handle.delivery.remote(job_id))

    async def redeliver(self, job_id: str) -> None:
        """Send its webhook once more."""
        await _kept(lambda: self._handle.redeliver.remote(job_id))


async def _counted(call: Callable[[], DeploymentResponse[T]], tries: int) -> T:
    try:
        async with asyncio.timeout(LEDGER_S):
            return await _sent(call, LEDGER, tries)
    except (ModelCrashed, ModelUnavailable, TimeoutError) as away:
        raise ServiceUnavailable("The ledger cannot be reached for now") from away


async def _kept(call: Callable[[], DeploymentResponse[T]], limit_s: float | None = None) -> T:
    try:
        async with asyncio.timeout(KEPT_S if limit_s is None else limit_s):
            return await _sent(call, "Jobs", TRIES)
    except (ModelCrashed, ModelUnavailable, TimeoutError) as away:
        raise ServiceUnavailable("Jobs cannot be reached for now; those that were accepted are kept") from away


async def _queued(queue: Queue, call: Callable[[], DeploymentResponse[T]], name: str, tries: int) -> T:
    """As `_sent`; a refusal by a full queue says when what is in it will be done."""
    with queue.calling():
        try:
            return await _sent(call, name, tries)
        except ModelBusy as full:
            if wait_s := queue.wait_s():
                full.details["retry_after_s"] = wait_s
            raise


async def _sent(call: Callable[[], DeploymentResponse[T]], name: str, tries: int) -> T:
    """The answer to a call, sent again to another replica when the one that had it died."""
    for _ in range(tries - 1):
        try:
            return await _answer(call(), name)
        except ModelCrashed as crash:
            logger.warning("%s; sent again", crash.message)
    return await _answer(call(), name)


async def _answer(response: DeploymentResponse[T], name: str) -> T:
    try:
        answer: T = await response
        return answer
    except asyncio.CancelledError:
        response.cancel()  # Serve does so when the caller hangs up, but not when the model's time is over.
        raise
    except BackPressureError as full:
        raise ModelBusy(f"{name} is busy: its queue is full") from full
    except DeploymentUnavailableError as down:
        raise ModelUnavailable(f"{name} is not running") from down
    except (RayActorError, ObjectLostError) as died:  # lost with its node: the pixels of an answer, already given
        raise ModelCrashed(f"{name} died while it worked") from died
    except RayTaskError as failed:
        if isinstance(failed.cause, CutoutError):
            raise failed.cause from None
        if isinstance(failed.cause, MemoryError):
            raise NoMemory(f"{name} has no memory left for this picture") from failed
        logger.exception("%s failed", name)
        raise ModelError(f"{name} failed: {type(failed.cause).__name__}") from failed
    except RayError as trouble:
        logger.exception("%s could not be reached", name)
        raise ModelCrashed(f"{name} was lost while it worked: {type(trouble).__name__}") from trouble
