"""The guard in front of every address that is not an operator's own: only public hosts, and those an operator allows.

Callers name such addresses (pictures, webhooks), and providers do (where a result lies).

A name is looked up once for a connection, every address it has must be public, and the socket goes to one of these:
no second look-up can lead it elsewhere. TLS, the certificate's check and the Host header keep the name. All of it is in
`PinnedNetwork`, below the HTTP client, so that nothing above can go around it.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache

import httpcore
import httpx

from cutout.errors import NotFetched, ValidationError
from cutout.service import FetchSpec
from fetching.addresses import is_address, is_name, is_public, look_up

ADDRESSES_TRIED = 4
"""Most addresses of one name to which a connection is tried."""

AROUND = "".join(map(chr, range(0x21)))
"""Passed over at both ends of an address, as the URL standard has it: control characters and space."""
DEFAULT_PORTS = {"http": 80, "https": 443}

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""Host name and port -> its addresses; raises OSError where there are none."""

log = logging.getLogger(__name__)


def checked_url(text: str, field: str, base: httpx.URL | None = None) -> httpx.URL:
    """The address that a caller, or a redirect from `base`, names. Where it leads is checked when it is connected to.

    Raises:
        ValidationError: not http or https, a user or password in it, no host, or a host or port written oddly.
    """
    try:
        text = text.strip(AROUND)
        url = httpx.URL(text) if base is None else base.join(text)
    except (httpx.InvalidURL, ValueError) as wrong:
        raise ValidationError.of_field(field, f"{field}: a valid http or https address is expected") from wrong
    if url.scheme not in ("http", "https"):
        raise ValidationError.of_field(field, f"{field}: an http or https address is expected", url.scheme[:20])
    if url.userinfo:
        raise ValidationError.of_field(field, f"{field}: an address without user name and password is expected")
    if url.port is not None and not 1 <= url.port <= 65535:
        raise ValidationError.of_field(field, f"{field}: a port of 1 to 65535 is expected", url.port)
    host = url.raw_host.decode("ascii").removesuffix(".")
    if not is_address(host) and not is_name(host):
        raise ValidationError.of_field(field, f"{field}: a host name or a plain IP address is expected as its host")
    return url.copy_with(host=host)


class PinnedNetwork(httpcore.AsyncNetworkBackend):
    """Connects to public hosts and to those an operator allows, and to nothing else.

    `field` is the request's field that errors name; `network` opens the sockets, always to an address, never to a name.
    """

    def __init__(
        self, field: str, allowed_hosts: Iterable[str], resolve: Resolve, network: httpcore.AsyncNetworkBackend
    ) -> None:
        self._field = field
        self._allowed = frozenset(allowed_hosts)
        self._resolve = resolve
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """One look-up, one check of all it gave, then a connection to the first address that takes one.

        Raises:
            ValidationError: the host's name does not resolve, or leads to an address that is not public.
            httpcore.ConnectError, httpcore.ConnectTimeout: the host is public and cannot be connected to.
        """
        addresses = (await self._checked(host, port, timeout))[:ADDRESSES_TRIED]
        each_s = None if timeout is None else timeout / len(addresses)
        for address in addresses[:-1]:
            try:
                return await self._network.connect_tcp(address, port, each_s, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                log.info("%s: one of its addresses takes no connection: %r", host, failed)
        return await self._network.connect_tcp(addresses[-1], port, each_s, local_address, socket_options)

    async def check(self, host: str, port: int, timeout_s: float) -> None:
        """Look a host up; raises ValidationError unless it is one to which a connection would be tried."""
        try:
            await self._checked(host, port, timeout_s)
        except httpcore.ConnectTimeout as late:
            message = f"{self._field}: nobody told the address of its host within {timeout_s:g} s"
            raise NotFetched.of_field(self._field, message) from late

    async def _checked(self, host: str, port: int, timeout_s: float | None) -> Sequence[str]:
        addresses = [host] if is_address(host) else await self._looked_up(host, port, timeout_s)
        if not addresses:
            raise NotFetched.of_field(self._field, f"{self._field}: the name of its host does not resolve")
        if self._is_allowed(host, port) or all(map(is_public, addresses)):
            return addresses
        log.info("%s refused: %s port %d is at %s", self._field, host, port, ", ".join(addresses))
        raise ValidationError.of_field(
            self._field, f"{self._field}: a public host is expected; this address leads to one without a public address"
        )

    async def _looked_up(self, host: str, port: int, timeout_s: float | None) -> Sequence[str]:
        try:
            async with asyncio.timeout(timeout_s):
                return await self._resolve(host, port)
        except TimeoutError as late:  # an OSError too, so it comes first
            raise httpcore.ConnectTimeout(str(late)) from late
        except OSError as unknown:
            log.info("%s has no address: %s", host, unknown)
            return ()

    def _is_allowed(self, host: str, port: int) -> bool:
        written = f"[{host}]" if ":" in host else host
        return not self._allowed.isdisjoint((written, f"{written}:{port}"))


class GuardedClient:
    """An HTTP/1.1 client for addresses that others name: pictures to fetch, webhooks to deliver.

    It is httpcore, the lower half of httpx, one connection a request: it follows no redirect, knows no proxy of the
    environment, keeps no cookie and undoes no compression. Certificates are checked against certifi's list, or that
    of SSL_CERT_FILE.
    """

    def __init__(
        self,
        field: str,
        rules: FetchSpec,
        resolve: Resolve = look_up,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        pinned = PinnedNetwork(field, rules.allowed_hosts, resolve, network or httpcore.AnyIOBackend())
        tls = known_certificates()
        self._network = pinned
        self._pool = httpcore.AsyncConnectionPool(tls, None, max_keepalive_connections=0, network_backend=pinned)
        connect_s, read_s = rules.connect_s, rules.read_s
        self._timeouts_s = {"connect": connect_s, "pool": connect_s, "read": read_s, "write": read_s}

    def stream(
        self, method: str, url: httpx.URL, headers: Mapping[str, str], content: bytes | None = None
    ) -> AbstractAsyncContextManager[httpcore.Response]:
        """The answer to one request, its body unread; `url` is one of `checked_url`.

        Raises:
            ValidationError: the host is not public.
            httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError: no answer.
        """
        return self._pool.stream(
            method,
            httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=[("Host", url.netloc.decode("ascii")), *headers.items()],
            content=content,
            extensions={"timeout": self._timeouts_s},
        )

    async def check(self, url: httpx.URL) -> None:
        """Look where an address leads, without connecting to it; `url` is one of `checked_url`.

        What it leads to may change: it is checked again when it is connected to.

        Raises:
            ValidationError: its host is not public, or nobody told its address in time.
        """
        await self._network.check(url.host, url.port or DEFAULT_PORTS[url.scheme], self._timeouts_s["connect"])

    async def close(self) -> None:
        """Close what is still open."""
        await self._pool.aclose()


@cache
def known_certificates() -> ssl.SSLContext:
    """Certifi's list, or that of SSL_CERT_FILE; read once, which takes 20 ms."""
    return httpx.create_ssl_context()


def broken_connection(error: Exception) -> str:
    """Why a connection failed, for a message: of an httpcore error or an SSLError that is no timeout."""
    match error:
        case httpcore.ConnectError(__context__=ssl.SSLError()):
            return "its host could not be verified by TLS"
        case httpcore.ConnectError():
            return "no connection to its host could be made"
        case _:
            return "its host closed the connection early, or did not answer in HTTP"
