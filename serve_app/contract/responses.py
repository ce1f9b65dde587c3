"""The bodies of answers; fields of the contract come first, this service's own after them."""

from typing import Literal

from pydantic import Field

from serve_app.contract.body import Body


class Dimensions(Body):
    """In pixels."""

    width: int
    height: int


class BoxBody(Body):
    """A part of a picture, in pixels from its top left corner."""

    left: int
    top: int
    width: int
    height: int


class EngineBody(Body):
    """The engine that ran the model."""

    name: str
    device: str
    weights: str | None = None
    warning: str | None = None


class ModelBody(Body):
    """The fields of every model's result."""

    model_id: str
    model_name: str
    image_base64: str | None = Field(None, description="The picture; null when the model failed.")
    processing_time_ms: int = Field(description="From the fan-out to this model's last byte.")
    cost_usd: float
    error: str | None = Field(None, description="Why the model failed; absent when it did not.")
    error_type: str | None = None
    retry_after_s: int | None = Field(
        None, description="Seconds until the model may have capacity, or be available, again; absent if unknown."
    )
    commercial_use: bool = Field(description="Whether the model's licence lets you sell this cutout.")
    licence: str
    engine: EngineBody | None = None
    times_ms: dict[str, float] | None = Field(None, description="Time in each span: queue, infer, composite, …")
    note: str | None = None
    box: BoxBody | None = Field(None, description="The subject within this picture; null when nothing was found.")
    frame: BoxBody | None = Field(
        None, description="What a crop shows, in pixels of the whole cutout; it may reach beyond. Null: all of it."
    )
    edited_from: str | None = Field(
        None, description="Of a cutout that was mended by hand: the model whose it was; else absent."
    )
    mask_base64: str | None = Field(None, description="With `output_type: both`, the alpha as a grey PNG; else absent.")
    mask_url: str | None = Field(None, description="The same by its address, where the cutout has one.")
    agreement: float | None = Field(
        None, ge=0, le=1, description="With the other models' cutouts; null where there are none, absent for one model."
    )
    sharpness: float | None = Field(None, ge=0, le=1, description="1: nothing is half transparent. As `agreement`.")
    edge_alignment: float | None = Field(
        None, ge=0, le=1, description="How far the cutout's edges are the picture's. As `agreement`."
    )
    score: float | None = Field(
        None, ge=0, le=1, description="The mean of the three, edge alignment counted half. As `agreement`."
    )
    semi_transparent: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Share of semi-transparent pixels among those that are not fully transparent; 0 on a background.",
    )
    sources: list[str] | None = Field(
        None, description="Of `fused`, the models whose cutouts it is made of, the best first; else absent."
    )


class RemoveResult(ModelBody):
    """One model's cutout, or its failure."""

    status: Literal["success", "error"]
    image_url: str | None = None


class ProcessResult(ModelBody):
    """One model's enlarged cutout, or its failure."""

    bg_removal_status: Literal["success", "error"]
    upscale_status: Literal["success", "error", "skipped"]
    input_dimensions: Dimensions
    output_dimensions: Dimensions | None = None
    image_url: str | None = None


class ComparisonBody(Body):
    """The cutouts of several models compared with each other; absent where one model was asked."""

    selected_model_id: str | None = Field(None, description="The model of the best cutout, by `score`.")
    agreement: float | None = Field(None, ge=0, le=1, description="That cutout's; null where it has none beside it.")
    needs_review: bool | None = Field(None, description="Whether somebody should look at it before it is used.")
    review_reason: str | None = Field(None, description="Why; null where nothing speaks against it.")


class JobBody(Body):
    """A job's results."""

    job_id: str
    status: Literal["completed", "partial", "failed"]
    processing_time_ms: int
    total_cost_usd: float
    skipped: dict[str, str] = Field({}, description="Models that `all` left out, each with the reason.")


class RemoveBody(ComparisonBody, JobBody):
    """Answer of POST /remove-background."""

    results: list[RemoveResult]


class ProcessBody(ComparisonBody, JobBody):
    """Answer of POST /process."""

    results: list[ProcessResult]


class EstimateBody(Body):
    """Answer of POST /estimate."""

    models: dict[str, float] = Field(
        description="Price in USD of each model that would run, for one picture, and 0 of `fused`."
    )
    estimate_usd: float = Field(description="Of all of them together, for all pictures; with `auto`, the most.")
    least_usd: float = Field(description="The least: with `auto`, of the models that run first; else the same.")
    expected_time_ms: float | None = Field(
        description="The slowest model's median so far, for one picture; null: unknown."
    )
    skipped: dict[str, str] = Field(description="Models that would not run, each with the reason.")


class UpscaleBody(Body):
    """Answer of POST /upscale."""

    job_id: str
    status: Literal["completed"]
    input_dimensions: Dimensions
    output_dimensions: Dimensions
    scale_factor: int
    alpha_preserved: bool
    processing_time_ms: int
    image_base64: str | None = Field(description="The picture; null with `response_format: url`.")
    cost_usd: float
    times_ms: dict[str, float]
    semi_transparent: float | None = Field(None, ge=0, le=1, description="As that of a cutout.")
    image_url: str | None = Field(None, description="Its signed address; with `response_format: url` or `both`.")


class UpscaleResult(Body):
    """The result of an upscale that is answered later: the picture, or why there is none."""

    status: Literal["success", "error"]
    input_dimensions: Dimensions
    output_dimensions: Dimensions | None
    scale_factor: int
    alpha_preserved: bool | None
    processing_time_ms: int
    image_base64: str | None = None
    image_url: str | None = None
    cost_usd: float
    times_ms: dict[str, float] | None = None
    semi_transparent: float | None = Field(None, ge=0, le=1, description="As that of a cutout.")
    error: str | None = Field(None, description="Why it failed; absent when it did not.")
    error_type: str | None = None
    retry_after_s: int | None = Field(None, description="Seconds until there may be capacity again.")
