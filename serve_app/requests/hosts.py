"""Under which host names the service is reached, and which of them are its own."""

import re
from ipaddress import IPv6Address

from starlette.requests import Request

from cutout.errors import Forbidden, ValidationError
from cutout.service import ServiceSpec
from fetching.addresses import is_address

LOCAL = re.compile(r"[a-z0-9_-]+|[a-z0-9._-]+\.(localhost|local|internal|test|home\.arpa)")
"""Names of a local network: one label, as containers have, and the domains that the DNS keeps for them (RFC 6761, 6762,
8375; ICANN's `.internal`). An attacker cannot register one, which DNS rebinding needs."""
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?")


class Hosts:
    """Checks whether the host of a Host or Origin header is the service's own."""

    def __init__(self, service: ServiceSpec) -> None:
        self._public_url = service.jobs.public_url
        self._origins = frozenset(service.access.cors_origins)
        public = [_without_scheme(self._public_url)] if self._public_url else []
        self._named = frozenset(name for given in (*service.access.hosts, *public) if (name := name_of(given)))

    def knows(self, host: str) -> bool:
        """Whether a Host header is an IP address, a name of a local network, or one that service.yaml names."""
        name = name_of(host)
        return name is not None and (name in self._named or is_address(name) or LOCAL.fullmatch(name) is not None)

    def is_own(self, origin: str, host: str) -> bool:
        """Whether a page of `origin` may use the service: its own page, or one that service.yaml names."""
        its_host = _without_scheme(origin)
        if origin in self._origins or "*" in self._origins:
            return True
        return "://" in origin and (its_host == host.lower() or name_of(its_host) in self._named)

    def address(self, request: Request) -> str:
        """The service's address for the response to this caller, without a slash at its end.

        The caller's own Host is used as it is: with keys, the holder of the key chose it; without keys,
        middleware/cross_site.py has refused unknown ones.

        Raises:
            ValidationError: the Host header is missing, or malformed.
        """
        if self._public_url:
            return self._public_url.rstrip("/")
        if name_of(host := request.headers.get("host", "")) is None:
            raise ValidationError(f"Host: the name or address of this service expected, not {host[:100]!r}")
        return str(request.base_url).rstrip("/")

    def published(self, request: Request) -> str:
        """The same for a message to a third party, which trusts the addresses in it.

        Raises:
            Forbidden: the request's Host is not known to be the service's own.
        """
        if not self._public_url and not self.knows(host := request.headers.get("host", "")):
            raise Forbidden(
                f"No webhook is sent with addresses of the Host {host[:100]!r}: the operator can set the service's own "
                "address by CUTOUT_PUBLIC_URL, or allow this one by access.hosts in service.yaml"
            )
        return self.address(request)


def name_of(host: str) -> str | None:
    """The name or address in a Host header, in lower case, without port, brackets and a dot at its end."""
    found = _HOST.fullmatch(host.strip().lower())
    if found is None:
        return None
    name = found.group(1).strip("[]").removesuffix(".")
    return str(IPv6Address(name)) if ":" in name and is_address(name) else name


def _without_scheme(url: str) -> str:
    return url.lower().partition("://")[2].partition("/")[0]
