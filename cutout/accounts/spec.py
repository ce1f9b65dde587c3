"""Who may call the service, and how often: the fields of `access:` in configs/service.yaml."""

from typing import Annotated

from pydantic import (
    Field,
    IPvAnyNetwork,
    field_validator,
)

from cutout.spec import AllowedHost, Spec

Origin = Annotated[str, Field(pattern=r"^(\*|[a-z][a-z0-9+.-]*://([a-z0-9_.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?)$")]


class LimitTier(Spec):
    """The limits of one caller."""

    requests_per_minute: int = Field(60, ge=1, le=10_000, description="Maximum requests within any 60 seconds.")
    concurrent_jobs: int = Field(4, ge=1, le=1_000, description="Maximum concurrent jobs, including queued ones.")


class AccessSpec(Spec):
    """Who may call the service, and how often."""

    tiers: dict[str, LimitTier] = Field(
        default_factory=lambda: {"default": LimitTier()},
        description="Limits by name. A key names its tier; `default` applies to callers without a key, and to "
        "keys whose tier is not listed.",
    )
    trusted_proxies: tuple[IPvAnyNetwork, ...] = Field(
        (),
        description="Addresses or CIDRs of proxies whose X-Forwarded-For is trusted. If empty, callers without a key "
        "share one limit.",
    )
    allow_anonymous: bool = Field(
        False, description="Whether a service without keys may listen on an address that other machines can reach."
    )
    hosts: tuple[AllowedHost, ...] = Field(
        (),
        description="Accepted host names, in addition to IP addresses, names of a local network and that of "
        "`jobs.public_url`. Without keys, others are refused; no webhook contains them.",
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
