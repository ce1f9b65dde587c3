"""Which hosts a caller may name: how a host is written, how its name is looked up, which addresses are public.

IPv4 is refused by list: IANA's IPv4 Special-Purpose Address Registry (RFC 6890), multicast, and one public address
that a cloud keeps for itself. IPv6 is allowed by list: 2000::/3, all that IANA hands out for unicast, without what its
special-purpose registry keeps back. So everything local is refused without being named (loopback, unique local,
link-local, multicast), and so are the IPv4 addresses that IPv6 can hide: mapped, compatible, translated, and NAT64
(64:ff9b::/96, 64:ff9b:1::/48). Teredo, 6to4 and ISATAP lie inside 2000::/3 and are taken out of it.
"""

import asyncio
import re
import socket
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from ipaddress import AddressValueError, IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

NOT_PUBLIC_4 = tuple(
    IPv4Network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT; Alibaba's metadata
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent, on an address that is public elsewhere
        "169.254.0.0/16",  # link-local; the metadata of most clouds
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, and broadcast
    )
)
UNICAST_6 = IPv6Network("2000::/3")
NOT_PUBLIC_6 = tuple(
    IPv6Network(block)
    for block in (
        "2001::/23",  # protocol assignments: Teredo, benchmarks, ORCHID
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
    )
)
ISATAP = (0x00005EFE, 0x02005EFE)
"""Upper half of an interface identifier whose lower half is an IPv4 address (RFC 5214, section 6.1)."""

_LABEL = re.compile(r"[a-z0-9_-]{1,63}")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

# Its own threads: names that are slow to answer must not take those in which pictures are decoded.
_LOOK_UPS = ThreadPoolExecutor(16, "look-up")


async def look_up(host: str, port: int) -> Sequence[str]:
    """Every address of a name, in the order in which the system would try them.

    Raises:
        OSError: the name has none, or nobody answered.
    """
    call = partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
    found = await asyncio.get_running_loop().run_in_executor(_LOOK_UPS, call)
    return [str(sockaddr[0]) for *_, sockaddr in found]


def is_public(address: str) -> bool:
    """Whether an IP address, as the system writes it, is one of the open internet.

    Raises:
        ValueError: it is no IP address.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return not any(ip in block for block in NOT_PUBLIC_4)
    isatap = (int(ip) >> 32) & 0xFFFFFFFF in ISATAP
    return ip in UNICAST_6 and not isatap and not any(ip in block for block in NOT_PUBLIC_6)


def is_address(host: str) -> bool:
    """Whether a host is written as an IP address: four decimal numbers, or IPv6 without brackets and zone."""
    try:
        IPv6Address(host) if ":" in host else IPv4Address(host)
    except AddressValueError:
        return False
    return "%" not in host


def is_name(host: str) -> bool:
    """Whether a host, in ASCII and lower case, is a name of the DNS.

    What ends in a number is none. `127.1`, `0x7f.1`, `017700000001` and `2130706433` are read as 127.0.0.1 by some
    libraries, and as names by others (WHATWG URL, "ends in a number").
    """
    labels = host.split(".")
    return len(host) <= 253 and all(map(_LABEL.fullmatch, labels)) and not _NUMBER.fullmatch(labels[-1])
