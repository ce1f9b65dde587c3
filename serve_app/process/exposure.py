"""Whether the service may listen where it is told to, and by which address others know it.

Configuration decides, never a caller's address.
"""

import ipaddress

import pydantic

from cutout.accounts.spec import AccessSpec
from cutout.errors import ConfigurationError
from cutout.models.registry import Registry
from cutout.service import JobsSpec


def check_exposure(host: str, access: AccessSpec, has_keys: bool) -> None:
    """Let a service without keys listen on loopback only, unless service.yaml allows more in so many words.

    Raises:
        ConfigurationError: others could reach `host`, and nothing says who may call.
    """
    if is_loopback(host) or has_keys or access.allow_anonymous:
        return
    raise ConfigurationError(
        f"http_options.host: {host!r} can be reached by others, so keys are expected, in a file named by "
        "CUTOUT_API_KEYS_FILE; or set access.allow_anonymous: true in service.yaml to serve anybody."
    )


def published(registry: Registry, public_url: str) -> Registry:
    """The registry with this address as the service's own; raises ConfigurationError when it is none."""
    try:
        jobs = JobsSpec.model_validate({**registry.service.jobs.model_dump(), "public_url": public_url})
    except pydantic.ValidationError as wrong:
        raise ConfigurationError(
            f"CUTOUT_PUBLIC_URL: an address such as https://cut.example expected, not {public_url!r}"
        ) from wrong
    service = registry.service.model_copy(update={"jobs": jobs})
    return registry.model_copy(update={"service": service})


def addresses_line(host: str, public_url: str | None) -> str | None:
    """What the start says of the addresses in answers; nothing where only this machine calls."""
    if public_url:
        return f"Addresses in answers: {public_url}"
    if is_loopback(host):
        return None
    return "Addresses in answers: those of each request; behind a proxy, and for webhooks, set CUTOUT_PUBLIC_URL"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it. Of names `localhost` alone counts: what others stand for may change."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
