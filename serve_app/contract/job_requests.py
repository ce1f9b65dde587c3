"""The forms that check requests about jobs and batches that are there."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from cutout.picks.pick import CATEGORY_CHARS, NOTES_CHARS
from serve_app.contract.body import Phase
from serve_app.contract.fields import EVERY_MODEL, ID_CHARS, MOST_MODELS, SAFE, Form, Models

TITLE_CHARS = 100
LONGEST_SHARE_S = 366 * 86_400
LAST_MS = 253_402_300_799_000
"""The end of the year 9999, the last that dates reach."""


class JobsForm(Form):
    """GET /jobs."""

    limit: int = Field(20, ge=1, le=100, description="Most jobs of the page.")
    before: int | None = Field(
        None, ge=1, le=LAST_MS, description="Jobs accepted before, in Unix milliseconds: `next` of the page before."
    )
    status: Phase | None = Field(None, description="Jobs in this state only.")
    job_ids: list[Annotated[str, Field(max_length=ID_CHARS)]] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="Only these jobs. Required on a service without API keys, where a job's id gives access to it.",
    )


class BatchPageForm(Form):
    """GET /batches/{batch_id}."""

    limit: int = Field(100, ge=1, le=500, description="Most items of the page.")
    after: int = Field(0, ge=0, le=SAFE, description="Items after the one of this number: `next` of the page before.")


class DeleteForm(Form):
    """DELETE /jobs/{job_id}."""

    forget: bool = Field(False, description="Also delete the job itself, with its pictures and its webhook.")


class EditForm(Form):
    """POST /jobs/{job_id}/edit."""

    model_id: str = Field(
        max_length=ID_CHARS, description="The model whose cutout is mended, or `edited`: the last edit."
    )
    mask: Annotated[str | bytes, WithJsonSchema({"type": "string"})] = Field(
        description="The whole new matte: a grey PNG of 8 bits a sample, of the picture's size, 255 where the subject "
        "is; as base64, a data URI or a part."
    )


class ShareForm(Form):
    """POST /jobs/{job_id}/share."""

    include_models: Models = EVERY_MODEL
    expires_s: int = Field(
        86_400, ge=60, le=LONGEST_SHARE_S, description="Seconds for which the link works, while the job is kept."
    )
    title: str = Field(
        "", max_length=TITLE_CHARS, description="Title of the page, with which the names of its files begin."
    )


class SelectionForm(Form):
    """POST /log-selection."""

    job_id: str = Field(max_length=ID_CHARS, description="Of the request that made the cutouts.")
    selected_model_id: str = Field(
        max_length=ID_CHARS,
        description="A model that succeeded in that job; or `edited`: the cutout that was mended by hand; or `none`: "
        "none of them will do.",
    )
    image_category: Annotated[str, Field(max_length=CATEGORY_CHARS)] | None = Field(None, description="A tag.")
    notes: Annotated[str, Field(max_length=NOTES_CHARS)] | None = Field(None, description="Why, in the caller's words.")
    shown: Annotated[list[Annotated[str, Field(max_length=ID_CHARS)]], Field(max_length=MOST_MODELS)] | None = Field(
        None, description="The models in the order in which they were shown, where that was not the results'."
    )
