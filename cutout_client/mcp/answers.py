"""What the tools answer."""

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict

from cutout_client.results import CutoutResult, JobResult, ModelInfo


class _Answer(BaseModel):
    """A frozen value, whose fields the SDK describes to the model."""

    model_config = ConfigDict(frozen=True)


class Cutout(_Answer):
    """A model's cutout, or why there is none."""

    model_id: str
    file: str | None
    """Where it was written, in the server's folder."""
    url: str | None
    """Its address, which expires."""
    cost_usd: float
    processing_time_ms: float
    licence: str
    commercial_use: bool
    """Whether the model's licence allows commercial use of this cutout."""
    error: str | None
    note: str | None

    @classmethod
    def of(cls, result: CutoutResult, file: str | None) -> "Cutout":
        """A result that was written to a file, or was not."""
        return cls(
            model_id=result.model_id,
            file=file,
            url=result.image_url,
            cost_usd=result.cost_usd,
            processing_time_ms=result.processing_time_ms,
            licence=result.licence,
            commercial_use=result.commercial_use,
            error=result.error,
            note=result.note,
        )


class Cutouts(_Answer):
    """The cutouts of a picture."""

    job_id: str
    status: str
    total_cost_usd: float
    selected_model_id: str | None
    """The best one by its score, where there are several."""
    results: list[Cutout]
    skipped: dict[str, str]
    """Models that were left out, each with the reason."""

    @classmethod
    def of(cls, job: JobResult, files: Mapping[str, str]) -> "Cutouts":
        """A job, with the files of its cutouts by model."""
        results = [Cutout.of(result, files.get(result.model_id)) for result in job.results]
        return cls(
            job_id=job.job_id,
            status=job.status,
            total_cost_usd=job.total_cost_usd,
            selected_model_id=job.selected_model_id,
            results=results,
            skipped=job.skipped,
        )


class Price(_Answer):
    """What a picture would cost."""

    estimate_usd: float
    permitted_usd: float
    """The most that this server spends on a picture."""
    models: dict[str, float]
    """By model, in USD."""
    skipped: dict[str, str]
    """Models that would be left out, each with the reason."""


class Model(_Answer):
    """A model and its availability."""

    id: str
    available: bool
    reason: str | None
    """Why it is not available."""
    price_usd: float
    licence: str
    commercial_use: bool

    @classmethod
    def of(cls, one: ModelInfo) -> "Model":
        """As the client describes it."""
        return cls(
            id=one.id,
            available=one.available,
            reason=one.reason,
            price_usd=one.price_usd,
            licence=one.licence,
            commercial_use=one.commercial_use,
        )
