"""The fields of configs/service.yaml: how the service behaves."""

from typing import Literal

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


class FetchSpec(Spec):
    """How a picture is fetched from its `image_url`; public hosts only, but for those named here."""

    allowed_hosts: tuple[AllowedHost, ...] = Field(
        (), description="Hosts that may be private: `name` or `name:port`, in lower case, IPv6 in brackets."
    )
    connect_s: PositiveFloat = Field(5.0, description="Seconds for the look-up, for the connection, and for TLS, each.")
    read_s: PositiveFloat = Field(10.0, description="Longest silence of the host, in seconds.")
    total_s: PositiveFloat = Field(30.0, description="Seconds for the whole picture, redirects included.")
    max_redirects: int = Field(5, ge=0, le=20, description="Redirects followed; each target is checked again.")


class WebhookSpec(Spec):
    """How the end of a job is told to its `webhook_url`; public hosts only, but for those named here."""

    allowed_hosts: tuple[AllowedHost, ...] = Field(
        (), description="Hosts that may be private: `name` or `name:port`, in lower case, IPv6 in brackets."
    )
    total_s: PositiveFloat = Field(15.0, le=300, description="Seconds for one attempt, the receiver's answer included.")
    gaps_s: tuple[PositiveFloat, ...] = Field(
        (5, 30, 120, 600, 1800, 3600, 7200, 14400, 28800, 28800),
        description="Seconds between one attempt and the next; after the last one the job shows that it failed.",
    )
    inline_bytes: NonNegativeInt = Field(
        256 * 1024, description="Most bytes of all pictures that are sent as base64; of more, addresses are sent."
    )


class JobsSpec(Spec):
    """Jobs that are accepted first and answered later; docs/jobs.md."""

    concurrency: PositiveInt = Field(2, description="Jobs at work at the same time; the others wait in their queue.")
    keep_s: float = Field(
        7 * 86400, ge=3600, description="Seconds for which a job, its pictures and its Idempotency-Key are kept."
    )
    compose_s: float = Field(
        900,
        ge=0,
        description="Seconds for which the cutouts of an answered request are kept, so that another finish can be made "
        "of them; 0 keeps none. Those of a durable job are kept with it.",
    )
    store_bytes: PositiveInt = Field(
        10 * 1024 * MEBIBYTE,
        description="Most bytes of pictures that are kept; beyond it, those of the jobs that ended first go.",
    )
    url_expires_s: PositiveFloat = Field(86400, description="Seconds for which the address of a result is good.")
    public_url: str | None = Field(
        None,
        pattern=r"^https?://[^?#\s]+$",
        description="The service's address as callers know it, for addresses in answers and webhooks; else that of the "
        "request. `CUTOUT_PUBLIC_URL` in the environment wins.",
    )
    webhook: WebhookSpec = Field(default_factory=WebhookSpec, description="How the end of a job is told.")


class DropInSpec(Spec):
    """What answers callers who speak another service's API; docs/drop-in.md."""

    model: str | None = Field(
        None,
        description="Answers POST /v1.0/removebg, and /api/remove where no model is named; else they answer 503.",
    )
    types: dict[Literal["person", "product", "car", "animal", "graphic", "transportation"], str] = Field(
        default_factory=dict,
        description="The model that answers POST /v1.0/removebg with that `type`; a type that is not here is refused.",
    )


class QualitySpec(Spec):
    """How the cutouts of one picture are compared; docs/quality.md has the formulas."""

    needs_review_score: float = Field(
        0.8,
        ge=0,
        le=1,
        description="An answer whose best score is lower has `needs_review`. 0.8: one good cutout in ten is below it.",
    )


class ServiceSpec(Spec):
    """configs/service.yaml: how the service behaves."""

    limits: LimitsSpec = Field(default_factory=LimitsSpec, description="How much one request may bring and take.")
    encode: EncodeSpec = Field(default_factory=EncodeSpec, description="How results are written.")
    fetch: FetchSpec = Field(default_factory=FetchSpec, description="How a picture is fetched from `image_url`.")
    access: AccessSpec = Field(default_factory=AccessSpec, description="Who may call, and how often.")
    jobs: JobsSpec = Field(default_factory=JobsSpec, description="Jobs that are answered later.")
    quality: QualitySpec = Field(
        default_factory=QualitySpec, description="How the cutouts of one picture are compared."
    )
    drop_in: DropInSpec = Field(
        default_factory=DropInSpec, description="Which models answer callers of remove.bg's and rembg's APIs."
    )
    daily_ceiling_usd: dict[str, NonNegativeFloat] = Field(
        default_factory=dict, description="Most USD a provider may be paid in a UTC day; without an entry, no limit."
    )
    retry_unavailable_s: PositiveFloat = Field(
        60.0, description="Seconds after which an unavailable model is tried again."
    )
