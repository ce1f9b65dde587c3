"""By which names the service is called: its own ones, and those of no stranger."""

import re
from ipaddress import IPv6Address

from starlette.requests import Request

from cutout.errors import Forbidden
from cutout.spec import ServiceSpec
from fetching.addresses import is_address

LOCAL = re.compile(r"[a-z0-9_-]+|[a-z0-9._-]+\.(localhost|local|internal|test|home\.arpa)")
"""Names of a local network: one label, as containers have, and the domains that the DNS keeps for them (RFC 6761, 6762,
8375; ICANN's `.internal`). Nobody can point one of his own there, which is what DNS rebinding needs."""
_HOST = re.compile(r"(\[[0-9a-f:.]+\]|[^\[\]:@/?#\\\s]+)(?::[0-9]{1,5})?")


class Hosts:
    """Tells whether a Host, or an Origin's, is the service's own."""

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
        """The service's address as the caller knows it, without a slash at its end.

        Raises:
            Forbidden: nothing says that the request's Host is the service's own.
        """
        if self._public_url:
            return self._public_url.rstrip("/")
        if not self.knows(host := request.headers.get("host", "")):
            raise Forbidden(
                f"No addresses are given for the Host {host[:100]!r}: the operator can allow it by access.hosts in "
                "service.yaml, or set jobs.public_url"
            )
        return str(request.base_url).rstrip("/")


def name_of(host: str) -> str | None:
    """The name or address in a Host header, in lower case, without port, brackets and a dot at its end."""
    found = _HOST.fullmatch(host.strip().lower())
    if found is None:
        return None
    name = found.group(1).strip("[]").removesuffix(".")
    return str(IPv6Address(name)) if ":" in name and is_address(name) else name


def _without_scheme(url: str) -> str:
    return url.lower().partition("://")[2].partition("/")[0]
