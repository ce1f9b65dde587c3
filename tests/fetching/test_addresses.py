"""Only addresses of the open internet are public, and only what DNS and IP mean by a host is one."""

import asyncio
import socket
import threading
from ipaddress import IPv4Address, IPv6Address, ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fetching.addresses import ISATAP, NOT_PUBLIC_4, NOT_PUBLIC_6, is_address, is_name, is_public, look_up
from tests.support.patience import HANG_S

HIDES_IPV4 = {
    "mapped": "::ffff:{0}",
    "compatible": "::{0}",
    "translated": "::ffff:0:{0}",
    "NAT64": "64:ff9b::{0}",
    "local NAT64": "64:ff9b:1::{0}",
    "6to4": "2002:{1}::1",
    "Teredo server": "2001:0:{1}:8000:63bf:f7f7:f7f7",
    "Teredo client": "2001:0:4136:e378:8000:63bf:{2}",
    "ISATAP": "2606:4700::5efe:{0}",
    "ISATAP of a public address": "2606:4700::200:5efe:{0}",
}
BESIDE_BLOCKS = """
    9.255.255.255 11.0.0.0 100.63.255.255 100.128.0.0 126.255.255.255 128.0.0.0 169.253.255.255 169.255.0.0
    172.15.255.255 172.32.0.0 192.0.1.0 192.167.255.255 192.169.0.0 198.17.255.255 198.20.0.0 223.255.255.255
    168.63.129.15 168.63.129.17 1.1.1.1 93.184.215.14
    2000:: 2001:200:: 2001:db7:ffff:ffff:: 2001:db9:: 2003:: 3ffe:ffff:: 2606:4700::1111 2a00:1450:4001:800::200e
    2606:4700::5eff:808:808 2606:4700:5efe::808:808
"""
NAMES = "localhost example.com a_b.example 3com.com xn--bcher-kva.de a.b0x7f 1.2.3.4.example -a.example"
NEITHER = r"""
    127.1 2130706433 0x7f000001 0x7f.1 0177.0.0.1 127.0.0.0x1 example.0x 1.2.3.4.5 256.0.0.1 a.1 fe80::1%lo ::1%25lo
    . a..b .a a. a/b a\b a%2eb a@b a:80 bücher.de A.example
"""


def hextets(number: int) -> str:
    """32 bits as two groups of an IPv6 address."""
    return f"{number >> 16:x}:{number & 0xFFFF:x}"


@pytest.mark.parametrize("block", [*NOT_PUBLIC_4, *NOT_PUBLIC_6], ids=str)
def test_a_block_kept_back_is_refused_to_its_edges(block: object) -> None:
    """First and last address of a block are not public."""
    assert not is_public(str(block[0]))  # type: ignore[index]
    assert not is_public(str(block[-1]))  # type: ignore[index]


@pytest.mark.parametrize("address", BESIDE_BLOCKS.split())
def test_what_lies_beside_a_block_is_public(address: str) -> None:
    """No block reaches further than its registry says."""
    assert is_public(address)


@pytest.mark.parametrize("form", HIDES_IPV4.values(), ids=HIDES_IPV4.keys())
@pytest.mark.parametrize("hidden", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "100.64.0.1", "8.8.8.8"])
def test_ipv4_hidden_in_ipv6_is_refused(form: str, hidden: str) -> None:
    """Whatever IPv4 address an IPv6 address carries, and in whatever form, it is not public."""
    number = int(IPv4Address(hidden))
    assert not is_public(form.format(hidden, hextets(number), hextets(number ^ 0xFFFFFFFF)))


@given(st.ip_addresses())
@example(IPv6Address("fd00:ec2::254"))
@example(IPv4Address("192.88.99.1"))
def test_nothing_that_python_holds_for_special_is_public(address: IPv4Address | IPv6Address) -> None:
    """Our table is never laxer than the standard library's."""
    special = not address.is_global or address.is_multicast or address.is_reserved or address.is_link_local

    assert not (is_public(str(address)) and special)


@given(st.ip_addresses(v=6, network="2400::/12"))
def test_ordinary_ipv6_is_public(address: IPv6Address) -> None:
    """Of a block that a registry hands out, all but ISATAP is public."""
    assert is_public(str(address)) == ((int(address) >> 32) & 0xFFFFFFFF not in ISATAP)


def test_an_address_with_a_zone_is_judged_without_it() -> None:
    """The zone that the system adds to a link-local address does not hide it."""
    assert not is_public("fe80::1%lo")


@pytest.mark.parametrize("host", ["127.0.0.1", "8.8.8.8", "::1", "::ffff:127.0.0.1", "fd00:ec2::254"])
def test_an_address_is_told_from_a_name(host: str) -> None:
    """An address in its plain form is one, and no name."""
    assert is_address(host)
    assert not is_name(host)


@pytest.mark.parametrize("host", NAMES.split())
def test_a_name_is_told_from_an_address(host: str) -> None:
    """What DNS can look up is a name, and no address."""
    assert is_name(host)
    assert not is_address(host)


@pytest.mark.parametrize("host", [*NEITHER.split(), "", " ", "a b", "a\n", "a\0", "a" * 64, ".".join(["a"] * 128)])
def test_a_host_that_two_readers_may_read_in_two_ways_is_none(host: str) -> None:
    """Numbers in short forms, zones, escapes and delimiters are neither name nor address."""
    assert not is_name(host)
    assert not is_address(host)


@given(st.text())
def test_a_host_is_never_both(host: str) -> None:
    """Any text is an address, a name, or neither; and an address can be parsed."""
    assert not (is_address(host) and is_name(host))
    assert not is_address(host) or ip_address(host)


@pytest.mark.anyio
async def test_the_system_looks_names_up() -> None:
    """`localhost` is at a loopback address by the system's own files, and so not public."""
    found = await look_up("localhost", 80)

    assert found
    assert not any(map(is_public, found))


@pytest.mark.anyio
async def test_slow_names_leave_the_threads_of_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many look-ups hang, work that asyncio sends to its own threads goes on."""
    answered = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [] if answered.wait(HANG_S) else None)
    hanging = [asyncio.create_task(look_up("slow.example", 80)) for _ in range(100)]
    await asyncio.sleep(0)

    assert await asyncio.wait_for(asyncio.to_thread(threading.get_ident), HANG_S)
    answered.set()
    assert await asyncio.gather(*hanging) == [[]] * 100
