"""Who is calling: the holder of a key, an address behind a trusted proxy, or anybody."""

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
    """Whose budget a request uses."""

    who: str
    """`key:<id>`, `address:<address>` or `anonymous`."""
    tier: LimitTier
    key: KeyRecord | None = None


class Callers:
    """Tells callers apart, by keys where there is a ring, else by address where service.yaml names proxies."""

    def __init__(self, keys: KeyRing | None, access: AccessSpec) -> None:
        self._keys = keys
        self._access = access

    def of(self, scope: Scope) -> Caller:
        """Who sends an HTTP request.

        Raises:
            Unauthorized: a key is wanted; none was given, or not exactly one that is known and good.
            ServiceUnavailable: the key file cannot be read any more. Nobody is let in on what it said before.
        """
        headers, default = Headers(scope=scope), self._access.tiers["default"]
        if self._keys is None:
            address = client_address(headers, scope.get("client"), self._access.trusted_proxies)
            return Caller(f"address:{address}" if address else ANYBODY, default)
        record = _known(self._keys, _presented(headers))
        return Caller(f"key:{record.id}", self._access.tiers.get(record.tier, default), record)


def client_address(headers: Headers, peer: tuple[str, int] | None, trusted: Networks) -> str | None:
    """The client as the trusted proxies saw it: in X-Forwarded-For the right-most address that is none of theirs.

    None unless the request came from a trusted proxy, so that who goes around it gains nothing by forging the header;
    all such callers share one budget. IPv6 is cut to its /64, which is what one customer has at the least.

    `peer` must be the real one: uvicorn puts the header's address there for any peer on loopback unless
    FORWARDED_ALLOW_IPS is empty. Then, too, the answer is None, for what it puts there is no proxy.
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
        logger.exception("Everybody is refused: %s", broken.message)
        raise ServiceUnavailable("The service cannot read its keys") from broken
    if record is None:
        raise Unauthorized("This key is not known, or was revoked")
    return record


def _presented(headers: Headers) -> str | None:
    scheme, _, text = headers.get("authorization", "").partition(" ")
    return text if scheme.lower() == "bearer" else headers.get("x-api-key")


def _address(text: str) -> Address | None:
    """An address, with or without a port; IPv4 written as IPv6 is IPv4."""
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
