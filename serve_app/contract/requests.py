"""What requests bring; checked by these forms."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cutout.outcome import OutputFormat
from cutout.records import CATEGORY_CHARS, NOTES_CHARS

Image = Annotated[str | None, Field(description="Base64-encoded picture, or a data URI: PNG, JPEG or WebP.")]
ImageUrl = Annotated[str | None, Field(description="http(s) address to fetch the picture from.")]
Format = Annotated[OutputFormat, Field(description="Output format.")]
Factor = Annotated[Literal[2, 4], Field(description="How many times larger on each side.")]
Models = Annotated[list[str], Field(min_length=1, description="Model ids, or `all`: every model that is available.")]


class Form(BaseModel):
    """A request body. An unknown field is an error that names it."""

    model_config = ConfigDict(extra="forbid")


class PictureForm(Form):
    """One of `image` and `image_url` is required."""

    image: Image = None
    image_url: ImageUrl = None
    output_format: Format = "png"


class TermsForm(Form):
    """What a caller will pay and wait for, and which models he will have."""

    max_cost_usd: float | None = Field(None, ge=0, description="Refuse the request if its models cost more together.")
    deadline_ms: int | None = Field(None, ge=1, description="Answer by then with what is done; the rest is a timeout.")
    local_only: bool = Field(False, description="Only models that run here: the picture does not leave.")
    commercial_only: bool = Field(False, description="Only models whose licence lets a cutout be sold.")


class DurableForm(PictureForm):
    """How the answer comes: at once or later, with pictures or with their addresses."""

    response_format: Literal["base64", "url", "both"] = Field(
        "base64", description="Pictures as base64, by signed addresses that expire, or both."
    )
    webhook_url: str | None = Field(
        None, max_length=2048, description="Answer 202 at once, and send the results to this http(s) address."
    )
    webhook_secret: str | None = Field(None, description="Signs what is sent to `webhook_url`; never shown again.")


class RemoveForm(DurableForm, TermsForm):
    """POST /remove-background."""

    include_models: Models = ["all"]


class UpscaleForm(PictureForm):
    """POST /upscale."""

    scale_factor: Factor = 4
    preserve_alpha: bool = Field(True, description="Keep transparency; without it, what is transparent turns white.")


class ProcessForm(DurableForm, TermsForm):
    """POST /process."""

    bg_models: Models = ["all"]
    upscale_factor: Factor = 4


class EstimateForm(TermsForm):
    """POST /estimate: a request without its picture."""

    models: Models = ["all"]


class SelectionForm(Form):
    """POST /log-selection."""

    job_id: str = Field(description="Of the request that made the cutouts.")
    selected_model_id: str = Field(description="A model that succeeded in that job, or `none`: none of them will do.")
    image_category: Annotated[str, Field(max_length=CATEGORY_CHARS)] | None = Field(None, description="A tag.")
    notes: Annotated[str, Field(max_length=NOTES_CHARS)] | None = Field(None, description="Why, in the caller's words.")
