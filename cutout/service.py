"""The fields of configs/service.yaml: how the service behaves."""

from typing import Annotated, Literal

from pydantic import (
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
)

from cutout.accounts.spec import AccessSpec
from cutout.limits import LimitsSpec
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.spec import MEBIBYTE, AllowedHost, Spec

SourceName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,62}$")]
Place = Annotated[str, Field(pattern=r"^(/|s3://[^/]).*$")]


class FetchSpec(Spec):
    """How a picture is fetched from its `image_url`; public hosts only, but for those named here."""

    allowed_hosts: tuple[AllowedHost, ...] = Field(
        (), description="Hosts that may be private: `name` or `name:port`, in lower case, IPv6 in brackets."
    )
    connect_s: PositiveFloat = Field(5.0, description="Seconds each for name resolution, connecting and TLS.")
    read_s: PositiveFloat = Field(10.0, description="Longest time without data, in seconds.")
    total_s: PositiveFloat = Field(30.0, description="Seconds for the whole picture, including redirects.")
    max_redirects: int = Field(5, ge=0, le=20, description="Redirects followed; each target is checked again.")


class WebhookSpec(Spec):
    """How the end of a job is told to its `webhook_url`; public hosts only, but for those named here."""

    allowed_hosts: tuple[AllowedHost, ...] = Field(
        (), description="Hosts that may be private: `name` or `name:port`, in lower case, IPv6 in brackets."
    )
    total_s: PositiveFloat = Field(
        15.0, le=300, description="Seconds for one attempt, including the receiver's response."
    )
    gaps_s: tuple[PositiveFloat, ...] = Field(
        (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800),
        description="Seconds between attempts; after the last one the job reports the failure.",
    )
    inline_bytes: NonNegativeInt = Field(
        256 * 1024,
        description="Maximum size of all pictures sent as base64, in bytes; above it, only addresses are sent.",
    )


class BatchSpec(Spec):
    """Batches of pictures: POST /batches."""

    most_items: PositiveInt = Field(500, description="Maximum number of pictures in a batch.")
    most_bytes: PositiveInt = Field(
        1024 * MEBIBYTE,
        description="Maximum size of a batch's pictures together, in bytes: of those uploaded, or read from a source.",
    )
    at_a_time: PositiveInt = Field(
        4, description="Pictures of a batch that wait in the queue or run at the same time; the others follow."
    )
    sources: dict[SourceName, Place] = Field(
        default_factory=dict,
        description="Stores that batches may read, by name: a folder's absolute path, or `s3://bucket/prefix` with the "
        "credentials of the environment. Every caller may read every picture in them.",
    )


class JobsSpec(Spec):
    """Jobs that are accepted first and answered later; docs/jobs.md."""

    concurrency: PositiveInt = Field(2, description="Jobs that run at the same time; others wait in the queue.")
    keep_s: float = Field(
        7 * 86400, ge=3600, description="Seconds for which a job, its pictures and its Idempotency-Key are stored."
    )
    compose_s: float = Field(
        900,
        ge=0,
        description="Seconds for which the picture and the cutouts of an answered request are stored, for another "
        "finish or an edit; 0 stores none. Those of a durable job are stored with it, with 0 without its picture.",
    )
    store_bytes: PositiveInt = Field(
        10 * 1024 * MEBIBYTE,
        description="Maximum size of all stored pictures, in bytes; above it, those of the oldest finished jobs are "
        "deleted.",
    )
    url_expires_s: PositiveFloat = Field(86400, description="Seconds for which the address of a result is valid.")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^?#\s]+$",
        description="The service's address for callers, used in answers and webhooks; default: that of the request. "
        "`CUTOUT_PUBLIC_URL` in the environment overrides it.",
    )
    webhook: WebhookSpec = Field(default_factory=WebhookSpec, description="How the end of a job is reported.")
    batch: BatchSpec = Field(default_factory=BatchSpec, description="Many pictures under one id.")


class DropInSpec(Spec):
    """What answers callers who speak another service's API; docs/drop-in.md."""

    model: str | None = Field(
        None,
        description="Answers POST /v1.0/removebg, and /api/remove without a model: a model's id, or `fused`; if not "
        "set, they answer 503.",
    )
    types: dict[Literal["person", "product", "car", "animal", "graphic", "transportation"], str] = Field(
        default_factory=dict,
        description="The model for POST /v1.0/removebg by `type`; `model` answers for a type that is not listed.",
    )


class QualitySpec(Spec):
    """How the cutouts of one picture are compared; docs/quality.md has the formulas."""

    enough_agreement: float = Field(
        0.93,
        ge=0,
        le=1,
        description="`auto` asks no other local model once the first ones agree by so much; 0.93: two thirds of the "
        "processor time of all, for an error 3 % larger.",
    )
    paid_below_score: float = Field(
        0.77,
        ge=0,
        le=1,
        description="`auto` asks a provider only while the best score is lower; 0.77: one good cutout in twenty is.",
    )
    needs_review_score: float = Field(
        0.8,
        ge=0,
        le=1,
        description="An answer whose best score is lower has `needs_review`. 0.8: one good cutout in ten is below it.",
    )


class ServiceSpec(Spec):
    """configs/service.yaml: how the service behaves."""

    limits: LimitsSpec = Field(default_factory=LimitsSpec, description="Limits of one request.")
    encode: EncodeSpec = Field(default_factory=EncodeSpec, description="How results are encoded.")
    fetch: FetchSpec = Field(default_factory=FetchSpec, description="How a picture is fetched from `image_url`.")
    access: AccessSpec = Field(default_factory=AccessSpec, description="Who may call the service, and how often.")
    jobs: JobsSpec = Field(default_factory=JobsSpec, description="Jobs that are answered later.")
    quality: QualitySpec = Field(
        default_factory=QualitySpec, description="How the cutouts of one picture are compared."
    )
    drop_in: DropInSpec = Field(default_factory=DropInSpec, description="Models for remove.bg's and rembg's APIs.")
    daily_ceiling_usd: dict[str, NonNegativeFloat] = Field(
        default_factory=dict,
        description="Maximum spending per provider and UTC day, in USD; without an entry, no limit.",
    )
    retry_unavailable_s: PositiveFloat = Field(60.0, description="Seconds until an unavailable model is retried.")
