"""Whether the service may listen where it is told to. Configuration decides, never a caller's address."""

import ipaddress

from cutout.errors import ConfigurationError
from cutout.spec import AccessSpec


def check_exposure(host: str, access: AccessSpec, has_keys: bool) -> None:
    """Let a service without keys listen on loopback only, unless service.yaml allows more in so many words.

    Raises:
        ConfigurationError: others could reach `host`, and nothing says who may call.
    """
    if _is_loopback(host) or has_keys or access.allow_anonymous:
        return
    raise ConfigurationError(
        f"http_options.host: {host!r} can be reached by others, so keys are expected, in a file named by "
        "CUTOUT_API_KEYS_FILE; or set access.allow_anonymous: true in service.yaml to serve anybody."
    )


def _is_loopback(host: str) -> bool:
    """A name counts only as `localhost`: what another one stands for may change."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
