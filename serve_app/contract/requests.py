"""The forms that check requests which make something of pictures, or ask what it would cost."""

from typing import Annotated, Literal

from pydantic import Field

from cutout.picks.pick import CATEGORY_CHARS
from cutout.pixels.plain import (
    LEAST_LPI,
    MOST_CHOKE_PX,
    MOST_DPI,
    MOST_FEATHER_PX,
    MOST_LPI,
    USUAL_LPI,
    AlphaMode,
    Fit,
    OutputType,
    TransparencyHandling,
)
from serve_app.contract.fields import (
    EVERY_MODEL,
    ID_CHARS,
    SAFE,
    Factor,
    Files,
    Form,
    Format,
    Image,
    ImageUrl,
    Method,
    Models,
    Picture,
    Url,
)

MARGIN_CHARS = 100
CANVAS_CHARS = 64
SECRET_CHARS = 1024
PREFIX_CHARS = 1024


class PictureForm(Form):
    """One of `image` and `image_url` is required."""

    image: Image = None
    image_url: ImageUrl = None
    output_format: Format = "png"


class TermsForm(Form):
    """The caller's limits on cost and time, and the kinds of models that may run."""

    max_cost_usd: float | None = Field(None, ge=0, description="Refuse the request if its models cost more together.")
    deadline_ms: int | None = Field(
        None, ge=1, le=SAFE, description="Answer by then with what is done; the rest is a timeout."
    )
    local_only: bool = Field(False, description="Only models that run here: the picture does not leave.")
    commercial_only: bool = Field(False, description="Only models whose licence lets a cutout be sold.")


class FinishForm(Form):
    """The finish of each cutout; docs/pictures.md."""

    output_format: Format = "png"
    output_type: OutputType = Field("cutout", description="The cutout, its alpha as a grey mask, or both.")
    background: Picture = Field(
        None,
        description="What lies behind: `#rrggbb`, a CSS colour name, a picture as base64, a data URI or a part, or "
        "`blur`: the photograph itself, blurred.",
    )
    background_url: Url | None = Field(None, description="http(s) address to fetch the background's picture from.")
    crop: bool = Field(False, description="Show the subject's box alone.")
    crop_margin: str | None = Field(
        None,
        max_length=MARGIN_CHARS,
        description="Around that box: `30px` or `10%` of its size; one, two or four values, as in CSS. With `canvas`: "
        "within its sides, in pixels or percent of them.",
    )
    canvas: str | None = Field(
        None,
        max_length=CANVAS_CHARS,
        description="Size of the result, a preset of GET /presets or `WIDTHxHEIGHT` in pixels: what is shown is scaled "
        "to fit it, in its middle.",
    )
    inches: str | None = Field(
        None,
        max_length=CANVAS_CHARS,
        description="In the place of `canvas`, the size of a print: `12x16`, at `dpi` or 300.",
    )
    fit: Fit = Field(
        "fit",
        description="On a canvas: all of what is shown; or `fill`: it covers the canvas, and the rest is cut off.",
    )
    dpi: float | None = Field(
        None, ge=1, le=MOST_DPI, description="Resolution written to the file; default: the preset's, or the picture's."
    )
    least_dpi: float | None = Field(
        None,
        ge=1,
        le=MOST_DPI,
        description="Refuse a picture that has fewer pixels an inch of its own on a print of that size; default: with "
        "`inches` its `dpi`, else any is enlarged.",
    )
    shadow: int = Field(0, ge=0, le=100, description="How dark a soft shadow on the ground is, in percent; 0: none.")
    edge_choke: int = Field(0, ge=0, le=MOST_CHOKE_PX, description="Move the cutout's edge inwards, in pixels.")
    edge_feather: int = Field(0, ge=0, le=MOST_FEATHER_PX, description="Fade the edge out over so many pixels.")
    alpha: AlphaMode = Field(
        "soft",
        description="Half tones of alpha, for printers that take none: as they are; `hard`: cut at one half; or "
        "`halftone`: a screen of opaque dots.",
    )
    halftone_lpi: float = Field(
        USUAL_LPI, ge=LEAST_LPI, le=MOST_LPI, description="Lines per inch of that screen, at `dpi` or 300."
    )
    quality: int | None = Field(
        None, ge=1, le=100, description="Of webp, avif and jpeg (95 at most); default: as the service is configured."
    )


class PickForm(Form):
    """Which cutout is the answer, when Accept names one picture."""

    pick: Literal["first", "best"] | None = Field(
        None,
        description="The first good cutout, or that of the model that people pick most; others are called off. Until "
        "the models are known well enough, `best` is the one with the best score.",
    )
    image_category: Annotated[str, Field(max_length=CATEGORY_CHARS)] | None = Field(
        None, description="With `pick: best`: the tag whose picks count."
    )


class WebhookForm(Form):
    """How the end of a job is told."""

    webhook_url: str | None = Field(
        None, max_length=2048, description="Answer 202 at once, and send the results to this http(s) address."
    )
    webhook_secret: str | None = Field(
        None, max_length=SECRET_CHARS, description="Signs what is sent to `webhook_url`; never shown again."
    )


class DurableForm(PictureForm, WebhookForm):
    """Delivery of the answer: at once or later, with pictures or with their addresses."""

    response_format: Literal["base64", "url", "both"] = Field(
        "base64", description="Pictures as base64, by signed addresses that expire, or both."
    )


class RemovalForm(Form):
    """How a cutout is made of the picture and a model's matte."""

    transparency_handling: TransparencyHandling = Field(
        "intersect_alpha",
        description="For a picture that is transparent already: the model's alpha within the picture's own; the "
        "picture itself, and no model runs; or the model's alpha alone, as if the picture were opaque.",
    )
    refine: bool = Field(
        False,
        description="Solve hair, fur and other soft edges of each matte against the picture. Not where a provider "
        "sends colours of its own, which fit its own alpha.",
    )


class CutoutForm(DurableForm, FinishForm, PickForm, TermsForm, RemovalForm):
    """The fields of both endpoints that make cutouts."""


class RemoveForm(CutoutForm):
    """POST /remove-background."""

    include_models: Models = EVERY_MODEL


class UpscaleForm(DurableForm):
    """POST /upscale."""

    scale_factor: Factor = 4
    method: Method = "lanczos"
    preserve_alpha: bool = Field(True, description="Keep transparency; without it, what is transparent turns white.")


class ProcessForm(CutoutForm):
    """POST /process."""

    bg_models: Models = EVERY_MODEL
    upscale_factor: Factor = 4
    method: Method = "lanczos"


class ComposeForm(FinishForm):
    """POST /jobs/{job_id}/compose."""

    include_models: Models = EVERY_MODEL
    upscale_factor: Factor | None = Field(None, description="Enlarge the stored cutouts before anything else.")
    method: Method = "lanczos"


class EstimateForm(TermsForm):
    """POST /estimate: a request without its picture."""

    models: Models = EVERY_MODEL
    pictures: int = Field(1, ge=1, le=SAFE, description="Of so many pictures, as in a batch.")


class BatchForm(FinishForm, TermsForm, RemovalForm, WebhookForm):
    """POST /batches: one of `images`, `image_urls` and `source`, and the options of every picture."""

    images: Files = Field(None, description="The pictures, each a file in a part of this name.")
    image_urls: list[Url] | None = Field(None, min_length=1, description="http(s) addresses to fetch them from.")
    source: str | None = Field(
        None, max_length=ID_CHARS, description="A store to read the pictures from, by its name in `jobs.batch.sources`."
    )
    prefix: str = Field("", max_length=PREFIX_CHARS, description="With `source`: the folder in it.")
    include_models: Models = EVERY_MODEL
    upscale_factor: Factor | None = Field(None, description="Enlarge each cutout; default: not.")
    method: Method = "lanczos"
    max_cost_usd: float | None = Field(
        None, ge=0, description="Refuse the batch if its pictures cost more together, and spend no more on it."
    )
