"""Who sends a request: the holder of an API key, a client address seen by a trusted proxy, or an anonymous caller."""

import ipaddress
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.types import Scope

from cutout.accounts.keys import KeyRecord, KeyRing
from cutout.accounts.spec import AccessSpec, LimitTier
from cutout.errors import ConfigurationError, ServiceUnavailable, Unauthorized

logger = logging.getLogger(__name__)
Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Networks = Sequence[ipaddress.IPv4Network | ipaddress.IPv6Network]
ANYBODY = "anonymous"


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose rate limit and job slots a request uses."""

    who: str
    """`key:<id>`, `address:<address>` or `anonymous`."""
    tier: LimitTier
    key: KeyRecord | None = None


class Callers:
    """Identifies callers: by API key if there is a key ring, else by address if service.yaml names trusted proxies."""

    def __init__(self, keys: KeyRing | None, access: AccessSpec) -> None:
        self._keys = keys
        self._access = access

    def of(self, scope: Scope) -> Caller:
        """Who sends an HTTP request.

        Raises:
            Unauthorized: a key is required, and the request has none, or an unknown or revoked one.
            ServiceUnavailable: the key file cannot be read. Keys read from it earlier are not accepted then.
        """
        headers, default = Headers(scope=scope), self._access.tiers["default"]
        if self._keys is None:
            address = client_address(headers, scope.get("client"), self._access.trusted_proxies)
            return Caller(f"address:{address}" if address else ANYBODY, default)
        record = _known(self._keys, _presented(headers))
        return Caller(f"key:{record.id}", self._access.tiers.get(record.tier, default), record)


def client_address(headers: Headers, peer: tuple[str, int] | None, trusted: Networks) -> str | None:
    """The client's address as the trusted proxies saw it: the right-most in X-Forwarded-For that is no trusted proxy.

    None unless the request came from a trusted proxy: a caller that bypasses it gains nothing by forging the header,
    and all such callers share one limit. IPv6 addresses are reduced to their /64, the least that one customer has.

    `peer` must be the real peer: unless FORWARDED_ALLOW_IPS is empty, uvicorn replaces a peer on loopback by the
    header's address. The result is None then, too, since that address is no trusted proxy.
    """
    seen = ",".join(headers.getlist("x-forwarded-for")).split(",")
    for hop, text in enumerate([peer[0] if peer else "", *reversed(seen)]):
        address = _address(text.strip())
        if address is None:
            return None
        if not any(address in network for network in trusted):
            return _customer(address) if hop else None
    return None


def _known(keys: KeyRing, presented: str | None) -> KeyRecord:
    if presented is None:
        raise Unauthorized("A key is expected, as `Authorization: Bearer <key>` or `X-API-Key: <key>`")
    try:
        record = keys.find(presented)
    except ConfigurationError as broken:
        logger.exception("All requests are refused, the keys cannot be read: %s", broken.message)
        raise ServiceUnavailable("The service cannot read its keys") from broken
    if record is None:
        raise Unauthorized("This key is not known, or was revoked")
    return record


def _presented(headers: Headers) -> str | None:
    scheme, _, text = headers.get("authorization", "").partition(" ")
    return text if scheme.lower() == "bearer" else headers.get("x-api-key")


def _address(text: str) -> Address | None:
    """Parse an address with or without a port; an IPv4-mapped IPv6 address becomes IPv4."""
    bare = text[1:].partition("]")[0] if text.startswith("[") else text
    bare = bare.partition(":")[0] if bare.count(":") == 1 else bare
    try:
        address = ipaddress.ip_address(bare)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def _customer(address: Address) -> str:
    if address.version == 4:
        return str(address)
    return str(ipaddress.ip_network((address.packed, 64), strict=False))
