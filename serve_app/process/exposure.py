"""Whether the service may listen on its configured address, and the public address it puts into answers.

Both come from the configuration, never from a request.
"""

import ipaddress

from cutout.accounts.spec import AccessSpec
from cutout.errors import ConfigurationError


def check_exposure(host: str, access: AccessSpec, has_keys: bool) -> None:
    """Allow a service without API keys on loopback only, unless service.yaml sets access.allow_anonymous.

    Raises:
        ConfigurationError: other machines can reach `host`, and anybody there could call the service.
    """
    if is_loopback(host) or has_keys or access.allow_anonymous:
        return
    raise ConfigurationError(
        f"http_options.host: other machines can reach {host!r}, so API keys are required: set CUTOUT_API_KEYS_FILE, "
        "or set access.allow_anonymous: true in service.yaml to serve anybody."
    )


def addresses_line(host: str, public_url: str | None) -> str | None:
    """The line that a starting service prints about addresses in answers; None when it listens on loopback only."""
    if public_url:
        return f"Addresses in answers: {public_url}"
    if is_loopback(host):
        return None
    return "Addresses in answers: taken from each request; behind a proxy, and for webhooks, set CUTOUT_PUBLIC_URL"


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach it. Of names only `localhost` counts: others may resolve anywhere."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
