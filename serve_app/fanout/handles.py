"""Serve handles as plain async methods. Ray's exceptions are caught here, and become ours, and nowhere else."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, cast

import ray
from ray.exceptions import ObjectLostError, RayActorError, RayError, RayTaskError
from ray.serve.exceptions import BackPressureError, DeploymentUnavailableError
from ray.serve.handle import DeploymentHandle, DeploymentResponse

from cutout.errors import (
    CutoutError,
    ModelBusy,
    ModelCrashed,
    ModelError,
    ModelUnavailable,
    NoMemory,
    ServiceUnavailable,
)
from cutout.ledger import Ledger
from cutout.models.spec import ModelSpec
from cutout.telemetry.job_context import current_job
from serve_app.fanout.fan_out import Model
from serve_app.fanout.model_calls import Combiner
from serve_app.fanout.queues import Queue
from serve_app.fanout.room import room
from serve_app.fanout.second_stage import Upscaler

logger = logging.getLogger(__name__)
T = TypeVar("T")
TRIES = 3
"""How often a call is sent that may be repeated."""
LEDGER_S = 30.0
"""Longest wait for the ledger, which itself waits for its database."""


@dataclass(frozen=True, slots=True)
class Call:
    """How one method of a deployment is called."""

    tries: int = 1
    """How often it is sent, each time because the replica that had it died; above 1 only where that does no harm."""
    timeout_s: float | None = None
    """Longest wait for the answer; None: as long as the caller waits."""
    queue: Queue | None = None
    """The queue that it waits in. A refusal by a full one says when there will be room."""
    queue_s: float | None = None
    """A call that would wait in its queue for longer is refused at once; None: none is."""
    in_job: bool = False
    """Whether the callee is told which job it works for; see job_context.followed."""


ONCE, AGAIN = Call(1, LEDGER_S), Call(TRIES, LEDGER_S)
LEDGER_CALLS: Mapping[str, Call] = {
    "check": ONCE,
    "record": Call(TRIES, LEDGER_S, in_job=True),
    "select": AGAIN,
    "stats": AGAIN,
    "worths": AGAIN,
    "export": AGAIN,
    "admit": ONCE,
    "begin": ONCE,
    "hold_slots": ONCE,
    "end": Call(1, LEDGER_S, in_job=True),
    "reserve": AGAIN,
    "settle": AGAIN,
    "left": AGAIN,
}


def put(value: Any) -> Any:
    """Store a value in Ray's object store and return its reference; in Serve's local testing mode, the value itself."""
    return ray.put(value) if ray.is_initialized() else value


def model_handle(spec: ModelSpec, handle: DeploymentHandle[Any], queue: Queue | None = None) -> Model:
    """A removal model's deployment; `queue` is a test's own."""
    # A provider may have charged for work whose answer was lost: it is not sent again.
    tries, queue = TRIES if spec.local else 1, queue or Queue()
    calls = {"remove": Call(tries, queue=queue, queue_s=spec.timeout_s, in_job=True), "status": Call()}
    return cast(Model, Deployment(spec.name, handle, calls))


def upscaler_handle(handle: DeploymentHandle[Any], name: str = "Upscaler") -> Upscaler:
    """A deployment of the upscaler, by its name."""
    calls = dict.fromkeys(("upscale", "compose", "upscale_picture"), Call(TRIES, queue=Queue(), in_job=True))
    return cast(Upscaler, Deployment(name, handle, calls))


def combiner_handle(handle: DeploymentHandle[Any]) -> Combiner:
    """The combiner's deployment."""
    return cast(Combiner, Deployment("Combiner", handle, {"combine": Call(TRIES, queue=Queue(), in_job=True)}))


def ledger_handle(handle: DeploymentHandle[Any]) -> Ledger:
    """The ledger's deployment."""
    return cast(Ledger, Deployment("Ledger", handle, LEDGER_CALLS, "The ledger cannot be reached for now"))


class Deployment:
    """A deployment whose methods, those that `calls` names, are awaited as any others, and raise CutoutError."""

    def __init__(
        self, name: str, handle: DeploymentHandle[Any], calls: Mapping[str, Call], unreachable: str | None = None
    ) -> None:
        """`unreachable`: raised as ServiceUnavailable where it cannot be called; None: as the ModelError that it is."""
        self._name = name
        self._handle = handle
        self._calls = calls
        self._unreachable = unreachable

    def __getattr__(self, method: str) -> Callable[..., Coroutine[Any, Any, Any]]:
        if method not in self._calls:
            raise AttributeError(f"{self._name} has no method {method}")
        return partial(self._called, method, self._calls[method])

    async def _called(self, method: str, call: Call, *arguments: Any, **named: Any) -> Any:
        remote = getattr(self._handle, method).remote
        context = {"part_of": current_job()} if call.in_job else {}
        try:
            async with asyncio.timeout(call.timeout_s):
                return await self._queued(call, lambda: remote(*arguments, **named, **context))
        except (ModelCrashed, ModelUnavailable, TimeoutError) as error:
            if self._unreachable is None:
                raise
            raise ServiceUnavailable(self._unreachable) from error

    async def _queued(self, call: Call, send: Callable[[], DeploymentResponse[T]]) -> T:
        if call.queue is None:
            return await self._sent(call.tries, send)
        wait_s = call.queue.sure_wait_s()
        if wait_s is not None and call.queue_s is not None and wait_s > call.queue_s:
            queued = f"what is queued takes {wait_s} s, and a picture has {call.queue_s:g} s"
            raise ModelBusy(f"{self._name} is busy: {queued}", {"retry_after_s": wait_s})
        with call.queue.calling():
            try:
                self._check_room(call.queue)
                return await self._sent(call.tries, send)
            except ModelBusy as full:
                if wait_s := call.queue.wait_s():
                    full.details["retry_after_s"] = wait_s
                raise

    def _check_room(self, queue: Queue) -> None:
        most = room(self._handle)
        if most is not None and queue.calls > most:
            raise ModelBusy(f"{self._name} is busy: its queue is full")

    async def _sent(self, tries: int, send: Callable[[], DeploymentResponse[T]]) -> T:
        for _ in range(tries - 1):
            try:
                return await _answer(send(), self._name)
            except ModelCrashed as crash:
                logger.warning("%s; sent again", crash.message)
        return await _answer(send(), self._name)


async def _answer(response: DeploymentResponse[T], name: str) -> T:
    try:
        answer: T = await response
        return answer
    except asyncio.CancelledError:
        response.cancel()  # Serve cancels it when the caller disconnects, but not when the call times out.
        raise
    except BackPressureError as full:
        raise ModelBusy(f"{name} is busy: its queue is full") from full
    except DeploymentUnavailableError as down:
        raise ModelUnavailable(f"{name} is not running") from down
    except (RayActorError, ObjectLostError) as died:  # ObjectLost: an answer that was given, lost with its node
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
