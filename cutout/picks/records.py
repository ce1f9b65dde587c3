"""Frozen values of what is kept: jobs without pixels, the callers' picks among models, and what picks add up to."""

from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from cutout.errors import ValidationError
from cutout.jobs import Cutout, Job, JobStatus, ModelResult, Result

JobKind: TypeAlias = Literal["remove", "process"]
ModelOutcome: TypeAlias = Literal["success", "error", "skipped"]

NONE = "none"
"""The pick of a caller who wants none of the cutouts; it stands where a model's id would."""
CATEGORY_CHARS = 64
NOTES_CHARS = 2000


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What one model did in a job."""

    model_id: str
    status: ModelOutcome
    """`skipped`: `all` left it out, as unavailable."""
    wall_ms: float
    cost_usd: float
    error: str | None = None
    """Why it failed or was left out."""

    @classmethod
    def of(cls, result: ModelResult) -> "ModelRecord":
        """The record of one model's part of a result."""
        outcome = result.outcome
        if isinstance(outcome, Cutout):
            return cls(result.model_id, "success", result.wall_ms, outcome.cost_usd)
        return cls(result.model_id, "error", result.wall_ms, outcome.cost_usd, outcome.message)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One request that did work."""

    job_id: str
    kind: JobKind
    created_at: float
    """Unix time, in seconds."""
    key_id: str | None
    """Of the API key that asked; None: anonymous."""
    asked: dict[str, Any]
    """The request's fields, without pixels and addresses."""
    wall_ms: float
    status: JobStatus
    results: tuple[ModelRecord, ...] = ()
    """In the order in which they were shown; what was left out comes last."""

    @classmethod
    def of(cls, job: Job, result: Result, created_at: float) -> "JobRecord":
        """The record of a shotgun, with or without upscale; `created_at` is Unix time, in seconds."""
        asked = {"models": list(job.models), "output_format": job.output_format, "upscale_factor": job.factor}
        skipped = (ModelRecord(model_id, "skipped", 0.0, 0.0, reason) for model_id, reason in result.skipped.items())
        return cls(
            job_id=job.id,
            kind="process" if job.factor else "remove",
            created_at=created_at,
            key_id=job.key.id if job.key else None,
            asked={name: value for name, value in asked.items() if value is not None},
            wall_ms=result.wall_ms,
            status=result.status,
            results=(*map(ModelRecord.of, result.results), *skipped),
        )

    @property
    def offered(self) -> tuple[str, ...]:
        """The models whose cutout the caller could pick, in the order in which they were shown."""
        return tuple(r.model_id for r in self.results if r.status == "success")


@dataclass(frozen=True, slots=True)
class Pick:
    """The cutout that a caller chose.

    Raises:
        ValidationError: a text is too long, or has a NUL, which databases do not take; the details name the field.
    """

    job_id: str
    selected_model_id: str
    """A model that the job offered, or `NONE`."""
    image_category: str | None
    """The caller's own tag, at most CATEGORY_CHARS long."""
    notes: str | None
    """At most NOTES_CHARS long."""
    created_at: float
    """Unix time, in seconds."""

    def __post_init__(self) -> None:
        for name, limit in {"image_category": CATEGORY_CHARS, "notes": NOTES_CHARS}.items():
            if len(getattr(self, name) or "") > limit:
                raise ValidationError.of_field(name, f"{name}: at most {limit} characters are expected")
        for name in ("job_id", "selected_model_id", "image_category", "notes"):
            if "\0" in (getattr(self, name) or ""):
                raise ValidationError.of_field(name, f"{name}: text without NUL characters is expected")


@dataclass(frozen=True, slots=True)
class Logged:
    """The receipt of a pick."""

    selection_id: str
    """uuid4; a job keeps it when its pick is replaced."""
    replaced: bool
    """The job had a pick before, which no longer counts."""


@dataclass(frozen=True, slots=True)
class LoggedPick:
    """A pick as exported. The job's id is left out: whoever knows it may replace the pick."""

    number: int
    """Grows from pick to pick; where an export goes on."""
    selection_id: str
    created_at: float
    """Unix time of the pick that counts, in seconds."""
    selected_model_id: str
    image_category: str | None
    notes: str | None
    offered: tuple[str, ...]
    """The models it was chosen from, in the order in which they were shown."""


@dataclass(frozen=True, slots=True)
class PickCount:
    """How many jobs ended in the same pick from the same offer."""

    image_category: str | None
    offered: tuple[str, ...]
    """Model ids, sorted."""
    selected_model_id: str
    count: int


@dataclass(frozen=True, slots=True)
class ModelStats:
    """How often a model was picked where it could have been; a rate never stands without its n and its interval."""

    model_id: str
    picks: int
    offered: int
    """Jobs with a pick, of whatever model or of none, in which this model was offered: the n of the rate."""
    win_rate: float
    low: float
    """Lower end of the 95 % interval, in 0..1."""
    high: float
    """Upper end of the 95 % interval, in 0..1."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What some picks add up to: those of a category, or all."""

    picks: int
    """Jobs with a pick, `none` included."""
    none: int
    """Jobs whose caller wanted none of the cutouts."""
    models: tuple[ModelStats, ...]
    """Every model that was offered, by its id."""


@dataclass(frozen=True, slots=True)
class Stats:
    """All picks, and those of each category."""

    total: Tally
    categories: dict[str, Tally] = field(default_factory=dict)
    """By the callers' own tags; a pick without one counts in `total` only."""
