"""Bodies about a durable job: accepted, and its state."""

from pydantic import Field

from serve_app.contract.body import Body, Phase
from serve_app.contract.deliveries import DeliveryBody
from serve_app.contract.errors import ErrorDetail
from serve_app.contract.responses import ComparisonBody, ProcessResult, RemoveResult, UpscaleResult


class AcceptedBody(Body):
    """Answer 202: the job is stored, and its address shows its progress."""

    job_id: str
    status: Phase
    status_url: str


class JobStateBody(ComparisonBody):
    """Answer of GET /jobs/{job_id} and DELETE /jobs/{job_id}: pictures are in `image_url`, never in base64."""

    job_id: str
    status: Phase
    processing_time_ms: int = Field(description="From the job's acceptance to its end, or until now.")
    total_cost_usd: float
    skipped: dict[str, str] = Field({}, description="Models that `all` left out, each with the reason.")
    created_at: float = Field(description="Unix time, in seconds.")
    models: list[str] = Field(description="Those that have a result in the end; empty for POST /upscale.")
    picture_url: str | None = Field(
        None, description="Signed address of the picture that was sent; null when it is not stored."
    )
    results: list[RemoveResult | ProcessResult | UpscaleResult] = Field(
        description="Of the models that have finished, as in the answer to the POST; of an upscale, the only one."
    )
    pictures_dropped: bool = Field(
        False,
        description="Whether its pictures were deleted to make room (`jobs.store_bytes`); their addresses are null.",
    )
    webhook: DeliveryBody | None = Field(None, description="The delivery of its webhook; null when there is none yet.")
    error: ErrorDetail | None = Field(None, description="Why the job as a whole failed; absent when it did not.")


class JobEntry(Body):
    """One job in a list."""

    job_id: str
    status: Phase
    created_at: float = Field(description="Unix time, in seconds.")
    models: list[str] = Field(description="Those that have a result in the end; empty for POST /upscale.")
    selected_model_id: str | None = Field(None, description="As in the job; absent while it is not known.")
    total_cost_usd: float
    status_url: str
    picture_url: str | None = Field(description="Signed address of the picture that was sent; null when not stored.")
    thumbnail_url: str | None = Field(description="The same, small, as a WebP; null when not stored.")


class JobListBody(Body):
    """Answer of GET /jobs."""

    jobs: list[JobEntry] = Field(description="The newest first.")
    next: int | None = Field(description="`before` of the next page; null: there is none.")
