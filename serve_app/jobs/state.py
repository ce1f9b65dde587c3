"""Frozen values of durable jobs: the order that was accepted, and its state. pydantic converts them to JSON."""

import time
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, PlainSerializer, TypeAdapter

from cutout.accounts.keys import NO_DIGEST, KeyRecord
from cutout.accounts.rate_limit import JobSlot
from cutout.cascade import Step
from cutout.comparison import Comparison
from cutout.jobs import Job, Output, Terms
from cutout.models.selection import ModelSelection
from cutout.pixels.plain import EnlargingMethod, OutputFormat, Size
from cutout.removal import AS_USUAL, Removal
from cutout.results import Cutout, Failure, JobStatus, ModelResult, Result, Upscaled
from serve_app.jobs.stored_options import StoredEnlargement, StoredFinish
from serve_app.storage.result_names import image_file, mask_file

JobPhase: TypeAlias = Literal["queued", "running", "cancelled"] | JobStatus
NOT_ASKED = "Not asked: the job ended before"
UPSCALED = "upscaled"
"""Names the one result of an order that runs no model, where others are named by their models."""
NO_MODELS, NO_TERMS = ModelSelection((), ()), Terms()


def without_digest(key: KeyRecord) -> dict[str, Any]:
    """A key as JSON, without what tells it from a forged one."""
    return key.model_copy(update={"sha256": NO_DIGEST}).model_dump(mode="json")


@dataclass(frozen=True, slots=True)
class Order:
    """An accepted job: the persisted input of its workflow, in the database until the job is swept."""

    job_id: str
    created_at: float
    """Unix time, in seconds."""
    key: Annotated[KeyRecord, PlainSerializer(without_digest)] | None
    """The API key that made it, and that alone may read it; None: whoever knows the job's id."""
    fingerprint: str
    """Of the request, in hex: an Idempotency-Key is good for this one only."""
    picture: str
    """Name of the input in the store."""
    size: Size
    output_format: OutputFormat
    base_url: str
    """The service's address in its webhook, without a slash at its end; empty without one."""
    selection: ModelSelection = NO_MODELS
    """Chosen when the job was accepted."""
    factor: int | None = None
    """Upscale factor of each cutout, 2 or 4; None: no upscale."""
    method: EnlargingMethod = "lanczos"
    terms: Terms = NO_TERMS
    """The deadline of each model counts from when the job starts to run: it may have waited."""
    removal: Removal = AS_USUAL
    finish: StoredFinish | None = None
    enlargement: StoredEnlargement | None = None
    """Of an order that enlarges the picture itself, and runs no model."""
    thumbnail: str | None = None
    """Name of a small copy of the picture; None: the picture itself is deleted when the job ends, too."""
    slot: JobSlot | None = None
    """The caller's slot, taken until the job has ended."""
    webhook_url: str | None = None
    sealed_secret: str | None = field(default=None, repr=False)
    """The webhook's secret, as `Signer.sealed` gives it: the order lies in DBOS's tables, where it may be read."""
    webhook_secret: str | None = field(default=None, repr=False)
    """In the open, of a job that 1.0.0 accepted; none is written any more. A state has both blanked."""

    @property
    def models(self) -> tuple[str, ...]:
        """The models that run."""
        return self.selection.models

    @property
    def output(self) -> Output:
        """What is made of each cutout; a background's picture is left out, which its file in the store has."""
        finish = self.finish.finish() if self.finish else None
        return Output(self.output_format, self.factor, finish, method=self.method)

    @property
    def background(self) -> str | None:
        """Name of the background's picture in the store, if there is one."""
        behind = self.finish and self.finish.background
        return behind if isinstance(behind, str) else None

    @property
    def masked(self) -> bool:
        """Whether each result has its mask beside it."""
        return self.finish is not None and self.finish.output_type == "both"

    def shot(self, model_id: str, picture: bytes, output: Output) -> Job:
        """A job of one of the models, with an id of its own, under which its price is reserved."""
        selection = ModelSelection((model_id,), (model_id,))
        removal = replace(self.removal, compared=self.selection.is_compared)
        return Job(f"{self.job_id}.{model_id}", picture, selection, output, self.terms, self.key, removal)

    @property
    def spare_pictures(self) -> list[str]:
        """Names of the caller's pictures that are deleted when the job ends."""
        return [name for name in (self.background, None if self.thumbnail else self.picture) if name]

    def name(self, model_id: str) -> str:
        """Name of a model's result in the store, or of the UPSCALED picture."""
        return image_file(model_id, self.output_format)

    def mask_name(self, model_id: str) -> str:
        """Name of its mask there."""
        return mask_file(model_id)

    def whole_name(self, model_id: str) -> str:
        """Name of its whole cutout there, from which another finish can be made."""
        plain = self.finish is None and self.output_format == "png"
        return self.name(model_id) if plain else f"{model_id}.whole.png"


@dataclass(frozen=True, slots=True)
class JobState:
    """The state of a job, as it is in the database."""

    order: Order
    phase: JobPhase
    results: tuple[ModelResult, ...] = ()
    """Those that are done, in the order of `order.selection.result_ids`; their pictures are in the store."""
    ended_at: float | None = None
    """Unix time, in seconds."""
    error: str | None = None
    """Why the job as a whole failed by an internal error; a model's failure is a result."""
    upscaled: Upscaled | Failure | None = None
    """The result of an enlargement, once it is done; the picture is in the store."""
    comparison: Comparison | None = None
    """Of the models' cutouts, once all are done."""
    decisions: tuple[Step, ...] = ()
    """Of `auto`, so far."""

    @property
    def ended(self) -> bool:
        """Whether the job has ended."""
        return self.phase not in ("queued", "running")

    @property
    def progress(self) -> int:
        """A number that grows with every change of the state."""
        done = len(self.results) + len(self.decisions) + (self.upscaled is not None)
        return done + (self.phase != "queued") + self.ended

    @property
    def status(self) -> JobStatus:
        """The status of a job whose steps are done."""
        return "failed" if isinstance(self.upscaled, Failure) else self.result.status

    @property
    def _skipped(self) -> dict[str, str]:
        """The models left out; once the job has ended, also those that `auto` did not need."""
        selection, ran = self.order.selection, {one.model_id for one in self.results}
        if not (selection.is_auto and self.ended):
            return selection.skipped
        last = self.decisions[-1] if self.decisions else None
        reason = f"Not needed: {last.reason}" if last and not last.models else NOT_ASKED
        return selection.skipped | {name: reason for name in selection.models if name not in ran}

    @property
    def result(self) -> Result:
        """The results so far; the time counts from acceptance, including the wait in the queue."""
        wall_ms = ((self.ended_at or time.time()) - self.order.created_at) * 1000
        facts = (self.order.job_id, self.results, self.order.size, wall_ms, self._skipped)
        return Result(*facts, comparison=self.comparison)


@dataclass(frozen=True, slots=True)
class JobQuery:
    """Which jobs are wanted. One of the first two is given: who knows neither key nor ids sees nothing."""

    key_id: str | None
    """Jobs of this API key; None: of every caller."""
    job_ids: tuple[str, ...] | None
    """Of them those with these ids; None: all."""
    phase: JobPhase | None
    limit: int
    before_ms: int | None
    """Accepted before, in Unix milliseconds; None: up to now."""


@dataclass(frozen=True, slots=True)
class JobPage:
    """A page of jobs."""

    states: tuple[JobState, ...]
    """The newest first; fewer than the limit where others of the page are in another phase."""
    next_ms: int | None
    """`before_ms` of the next page; None: this is the last one."""


def _nested(data: Any) -> Any:
    """An order in today's form, of one that 1.0.0 or a later version stored with flat fields; a slot was a place."""
    if "selection" in data:
        return _with_enlargement(data)
    selection = {name: data[name] for name in ("asked", "models", "skipped")}
    removal = {name: data[name] for name in ("transparency", "refine") if name in data}
    slot, terms = data.get("slot") or data.get("place"), {"deadline_s": data["deadline_s"]}
    return _with_enlargement({**data, "selection": selection, "terms": terms, "removal": removal, "slot": slot})


def _with_enlargement(data: Any) -> Any:
    """An order in today's form, of one that told an enlargement by having no model."""
    if "enlargement" in data or data["selection"]["models"]:
        return data
    how = {"factor": data["factor"], "preserve_alpha": data.get("preserve_alpha", True)}
    return {**data, "factor": None, "enlargement": how}


ORDER = TypeAdapter[Order](Annotated[Order, BeforeValidator(_nested)])
MODEL_RESULT = TypeAdapter(ModelResult[Cutout])
COMPARISON = TypeAdapter[Comparison | None](Comparison | None)
STEP = TypeAdapter(Step)
UPSCALE_RESULT = TypeAdapter[Upscaled | Failure](Upscaled | Failure)
SLOT = TypeAdapter[JobSlot | None](JobSlot | None)
"""Convert what is stored to JSON and back. Pictures are left out; fields that only 1.0.0 wrote are ignored."""
