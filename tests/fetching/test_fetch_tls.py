"""TLS proves the name in the address, whatever address the socket goes to."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from cutout.errors import ValidationError
from fetching.fetch import Fetcher
from fetching.guard import GuardedClient, known_certificates
from tests.support.fetchers import MAX_BYTES, PATIENT, PICTURE
from tests.support.loopback_web import PUBLIC, Dns, Host, Internet, reply

pytestmark = pytest.mark.anyio


@pytest.fixture
def authority(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[trustme.CA]:
    """An authority that this process trusts."""
    ca = trustme.CA()
    ca.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    known_certificates.cache_clear()
    yield ca
    known_certificates.cache_clear()


def server_tls(ca: trustme.CA, *names: str) -> ssl.SSLContext:
    """What a host shows that has a certificate for these names."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert(*names).configure_cert(context)
    return context


async def by_tls(tls: ssl.SSLContext, url: str) -> tuple[bytes | str, Host]:
    """The picture, or why there is none, from a public host with this certificate."""
    async with Host({"/picture": reply(PICTURE)}, tls) as host:
        dns = Dns({}, [PUBLIC])
        client = GuardedClient("image_url", PATIENT, dns, Internet({PUBLIC: host}))
        try:
            return await Fetcher(PATIENT, MAX_BYTES, client).fetch(url), host
        except ValidationError as refused:
            return refused.message, host


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://pictures.example/picture", "pictures.example"),
        ("https://PICTURES.example.:8443/picture", "pictures.example"),
        ("https://bücher.example/picture", "xn--bcher-kva.example"),
        (f"https://{PUBLIC}/picture", PUBLIC),
    ],
)
async def test_tls_is_checked_against_the_name(authority: trustme.CA, url: str, name: str) -> None:
    """The socket goes to a checked address, and the certificate is that of the name in the address."""
    shown: list[str | None] = []
    tls = server_tls(authority, name)
    tls.sni_callback = lambda _socket, server_name, _context: shown.append(server_name)
    picture, host = await by_tls(tls, url)

    assert picture == PICTURE
    assert shown == [None if name == PUBLIC else name]
    assert f"Host: {name}" in host.requests[0]


@pytest.mark.parametrize("names", [["other.example"], [PUBLIC], ["127.0.0.1"]], ids=str)
async def test_a_certificate_for_another_name_is_refused(authority: trustme.CA, names: list[str]) -> None:
    """That of the address it leads to is not enough; no request is sent."""
    told, host = await by_tls(server_tls(authority, *names), "https://pictures.example/picture")

    assert told == "image_url could not be fetched: its host could not be verified by TLS"
    assert host.requests == []


async def test_a_certificate_of_an_unknown_authority_is_refused(authority: trustme.CA) -> None:
    """Only trusted authorities count."""
    told, host = await by_tls(server_tls(trustme.CA(), "pictures.example"), "https://pictures.example/picture")

    assert told == "image_url could not be fetched: its host could not be verified by TLS"
    assert host.requests == []
