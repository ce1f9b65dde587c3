"""The record of a job in the database: the request and each model's outcome, without pixels."""

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from cutout.accounts.keys import KeyRecord
from cutout.comparison import Comparison
from cutout.pixels.plain import OutputFormat
from cutout.results import Cutout, JobStatus, ModelResult, Result

JobKind: TypeAlias = Literal["remove", "process"]
ModelOutcome: TypeAlias = Literal["success", "error", "skipped"]


@dataclass(frozen=True, slots=True)
class ModelRecord:
    """What one model did in a job."""

    model_id: str
    status: ModelOutcome
    """`skipped`: left out of `all`, since it was unavailable."""
    wall_ms: float
    cost_usd: float
    error: str | None = None
    """Why it failed or was skipped."""
    agreement: float | None = None
    """Of its cutout with the others, 0 to 1; None: not measured."""
    sharpness: float | None = None
    """Of its cutout, 0 to 1; None: not measured."""

    @classmethod
    def of(cls, result: ModelResult, comparison: Comparison | None) -> "ModelRecord":
        """The record of one model's part of a result."""
        outcome = result.outcome
        if isinstance(outcome, Cutout):
            score = comparison.scores.get(result.model_id) if comparison else None
            measured = (score.agreement, score.sharpness) if score else (None, None)
            return cls(result.model_id, "success", result.wall_ms, outcome.cost_usd, None, *measured)
        return cls(result.model_id, "error", result.wall_ms, outcome.cost_usd, outcome.message)


@dataclass(frozen=True, slots=True)
class JobRecord:
    """One request that did work."""

    job_id: str
    kind: JobKind
    created_at: float
    """Unix time, in seconds."""
    key_id: str | None
    """The API key of the request; None: anonymous."""
    asked: dict[str, Any]
    """The request's fields, without pictures and URLs."""
    wall_ms: float
    status: JobStatus
    results: tuple[ModelRecord, ...] = ()
    """In the order in which they were shown; skipped models come last."""

    @classmethod
    def of(
        cls,
        models: tuple[str, ...],
        output_format: OutputFormat,
        factor: int | None,
        key: KeyRecord | None,
        result: Result,
        *,
        created_at: float,
    ) -> "JobRecord":
        """The record of a request for cutouts: `models` as asked for; `created_at` is Unix time, in seconds."""
        asked = {"models": list(models), "output_format": output_format, "upscale_factor": factor}
        skipped = (ModelRecord(model_id, "skipped", 0.0, 0.0, reason) for model_id, reason in result.skipped.items())
        return cls(
            job_id=result.job_id,
            kind="process" if factor else "remove",
            created_at=created_at,
            key_id=key.id if key else None,
            asked={name: value for name, value in asked.items() if value is not None},
            wall_ms=result.wall_ms,
            status=result.status,
            results=(*(ModelRecord.of(one, result.comparison) for one in result.results), *skipped),
        )

    @property
    def offered(self) -> tuple[str, ...]:
        """The models whose cutout the caller could pick, in the order in which they were shown."""
        return tuple(r.model_id for r in self.results if r.status == "success")
