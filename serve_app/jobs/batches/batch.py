"""Batches: their orders and states, as frozen values that pydantic converts to JSON, and their one interface."""

import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Annotated, Protocol

from pydantic import PlainSerializer, TypeAdapter

from cutout.accounts.keys import KeyRecord
from cutout.accounts.rate_limit import JobSlot
from cutout.errors import CutoutError, InternalError, ProcessingError
from cutout.jobs import Terms
from cutout.models.selection import ModelSelection
from cutout.pixels.plain import EnlargingMethod, OutputFormat, Size
from cutout.removal import Removal
from cutout.results import Cutout
from serve_app.fanout.winner import best
from serve_app.jobs.state import JobPhase, JobState, Order, without_digest
from serve_app.jobs.stored_options import StoredFinish
from serve_app.requests.asked import BatchItem
from serve_app.responses.errors import all_failed
from serve_app.storage.result_names import image_file, mask_file

CANCELLED = ProcessingError("It was cancelled")


@dataclass(frozen=True, slots=True)
class BatchOrder:
    """An accepted batch: the persisted input of its workflow."""

    batch_id: str
    created_at: float
    """Unix time, in seconds."""
    key: Annotated[KeyRecord, PlainSerializer(without_digest)] | None
    """The API key that made it, and that alone may read it; None: whoever knows the batch's id."""
    fingerprint: str
    """Of the request, in hex: an Idempotency-Key is good for this one only."""
    items: tuple[BatchItem, ...]
    source: str
    """The name of the source that its items are read from; empty where they are of none."""
    selection: ModelSelection
    """Chosen when the batch was accepted, for all of its pictures."""
    price_usd: float
    """Of one picture, by the registry's prices; with `auto`, the most."""
    max_cost_usd: float | None
    """Of the batch: no picture is begun that could go beyond."""
    output_format: OutputFormat
    factor: int | None
    method: EnlargingMethod
    """How a cutout is enlarged, where there is a factor."""
    terms: Terms
    """Of each picture."""
    removal: Removal
    finish: StoredFinish | None
    """Its background's picture is in the store under the batch's id, and each job has a copy."""
    base_url: str
    """The service's address in its webhook, without a slash at its end; empty without one."""
    slot: JobSlot | None
    """The caller's slot, taken until the batch has ended: a batch counts as one job."""
    webhook_url: str | None
    sealed_secret: str | None = field(repr=False)
    """As in Order."""

    @property
    def estimate_usd(self) -> float:
        """Of all pictures together."""
        return round(self.price_usd * len(self.items), 6)

    def files(self, item: "ItemState") -> dict[str, str]:
        """Names in the store of an item's best cutout, by kind: `image`, and `mask` where it has one."""
        if item.model_id is None:
            return {}
        masked = self.finish is not None and self.finish.output_type == "both"
        mask = {"mask": mask_file(item.model_id)} if masked else {}
        return {"image": image_file(item.model_id, self.output_format)} | mask

    def job(self, item: BatchItem, picture: str, size: Size, thumbnail: str | None) -> Order:
        """The order of an item's job; the last three as in Order."""
        return Order(
            job_id=item.job_id,
            created_at=time.time(),
            key=self.key,
            fingerprint=self.fingerprint,
            picture=picture,
            size=size,
            thumbnail=thumbnail,
            output_format=self.output_format,
            base_url="",
            selection=self.selection,
            factor=self.factor,
            method=self.method,
            terms=self.terms,
            removal=self.removal,
            finish=self.finish,
        )


@dataclass(frozen=True, slots=True)
class ItemState:
    """The state of one item; of an ended one, what is stored of it."""

    phase: JobPhase
    cost_usd: float = 0.0
    model_id: str | None = None
    """Of the best cutout, or the only one; None: there is none, or not yet."""
    error: str | None = None
    """Why there is none."""
    error_type: str | None = None

    @property
    def reason(self) -> dict[str, str | None]:
        """Why there is none, as an answer has it; empty where nothing is wrong."""
        return {"error": self.error, "error_type": self.error_type} if self.error else {}

    @classmethod
    def of(cls, state: JobState) -> "ItemState":
        """The state of an item whose job has begun."""
        known = cls(state.phase, state.result.total_cost_usd)
        if not state.ended:
            return known
        if any(isinstance(one.outcome, Cutout) for one in state.results):
            return replace(known, model_id=best(state.result).model_id)
        return cls.failed(_reason(state), known)

    @classmethod
    def failed(cls, error: CutoutError, known: "ItemState | None" = None) -> "ItemState":
        """The state of an item that has no cutout."""
        return replace(known or cls("failed"), error=error.message, error_type=error.type)


def _reason(state: JobState) -> CutoutError:
    """Why a job that has ended has no cutout."""
    if state.phase == "cancelled":
        return CANCELLED
    return InternalError(state.error) if state.error else all_failed(state.result)


QUEUED = ItemState("queued")
NEVER_BEGUN = ItemState.failed(CANCELLED, ItemState("cancelled"))
"""An item of a batch that ended before."""


@dataclass(frozen=True, slots=True)
class BatchState:
    """The state of a batch, as it is in the database."""

    order: BatchOrder
    """Without the webhook's secret."""
    phase: JobPhase
    items: tuple[ItemState, ...]
    """In the order of `order.items`."""
    ended_at: float | None = None
    """Unix time, in seconds."""
    error: str | None = None
    """Why the batch as a whole failed by an internal error."""

    @property
    def ended(self) -> bool:
        """Whether the batch has ended."""
        return self.phase not in ("queued", "running")

    @property
    def counts(self) -> dict[str, int]:
        """Items by their phase."""
        found = Counter(item.phase for item in self.items)
        return {phase: found[phase] for phase in PHASES}

    @property
    def total_cost_usd(self) -> float:
        """What was charged so far."""
        return round(sum(item.cost_usd for item in self.items), 6)


PHASES: tuple[JobPhase, ...] = ("queued", "running", "completed", "partial", "failed", "cancelled")


def phase_of(items: tuple[ItemState, ...]) -> JobPhase:
    """The phase of a batch whose items have ended: `completed` if each has a cutout, `failed` if none has."""
    good = sum(item.model_id is not None for item in items)
    return "completed" if good == len(items) else "partial" if good else "failed"


class Batches(Protocol):
    """The batches of a service. Every method raises ServiceUnavailable while they cannot be reached."""

    async def accept_batch(self, order: BatchOrder) -> BatchState:
        """Store a batch, or find it stored already. Once this has returned, the batch survives any crash.

        Raises:
            IdempotencyConflict: its id was used for another request.
        """

    async def batch(self, batch_id: str) -> BatchState | None:
        """A batch's state now; None when there is no such batch, or it was deleted."""

    async def cancel_batch(self, batch_id: str) -> BatchState:
        """End a batch: its running jobs are cancelled, finished ones are kept. An ended batch stays as it is.

        Raises:
            NotFound: there is no such batch.
        """

    async def forget_batch(self, batch_id: str) -> None:
        """Cancel a batch, and delete all that is stored of it and of its jobs.

        Raises:
            NotFound: there is no such batch.
        """


BATCH = TypeAdapter(BatchOrder)
ITEM_STATE = TypeAdapter(ItemState)
"""Convert what is stored to JSON and back."""
