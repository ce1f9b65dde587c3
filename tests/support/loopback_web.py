"""A web on loopback: hosts that answer by path, and an internet of a few public addresses that lead to them."""

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import TracebackType
from typing import Self

import httpcore

Answer = bytes | Callable[[asyncio.StreamWriter], Awaitable[None]]
"""All that a host sends before it hangs up, or a function that sends it."""

PUBLIC = "93.184.215.14"
PUBLIC_6 = "2606:2800:220:1::1"


def reply(body: bytes, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A response whose Content-Length is the body's, unless `length` says otherwise; a negative one is left out."""
    declared = len(body) if length is None else length
    lines = (f"HTTP/1.1 {status}", *headers, *([f"Content-Length: {declared}"] if declared >= 0 else []), "", "")
    return "\r\n".join(lines).encode("utf-8", "surrogatepass") + body


def chunked(*chunks: bytes) -> bytes:
    """A whole response in chunks."""
    parts = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in (*chunks, b""))
    return reply(parts, "Transfer-Encoding: chunked", length=-1)


def redirect(to: str, status: str = "302 Found") -> bytes:
    """A redirect with a body that nobody wants."""
    return reply(b"moved", f"Location: {to}", status=status)


class Host:
    """A host on 127.0.0.1, by TLS where it has a certificate; `requests` are the heads it got."""

    def __init__(self, answers: Mapping[str, Answer], tls: ssl.SSLContext | None = None) -> None:
        self.answers = dict(answers)
        self.connections = 0
        self.requests: list[str] = []
        self.asked = asyncio.Event()
        """Set when a whole request has come."""
        self.hung_up = asyncio.Event()
        """Set when a caller left before all was sent."""
        self._tls = tls

    async def __aenter__(self) -> Self:
        """Listens from here on."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self._tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        self.host = f"127.0.0.1:{self.port}"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Refuses connections from here on."""
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.requests.append(head)
            self.asked.set()
            answer = self.answers.get(head.split()[1], reply(b"no such page", status="404 Not Found"))
            if isinstance(answer, bytes):
                writer.write(answer)
                await writer.drain()
            else:
                await answer(writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up.set()
        finally:
            writer.close()


class Internet(httpcore.AnyIOBackend):
    """An internet where public addresses lead to hosts on loopback; all others refuse. `dialled` are those called."""

    def __init__(self, routes: Mapping[str, Host]) -> None:
        self.dialled: list[str] = []
        self._routes = routes

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - the signature is httpcore's
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the host that the address leads to, whatever the port."""
        self.dialled.append(host)
        if host not in self._routes:
            raise httpcore.ConnectError("no route")
        return await super().connect_tcp("127.0.0.1", self._routes[host].port, timeout, local_address, socket_options)


class Dns:
    """Names and what they resolve to: each look-up of a name takes the next answer, and the last one stays."""

    def __init__(self, answers: Mapping[str, list[list[str]]], otherwise: list[str] | None = None) -> None:
        self.asked: list[str] = []
        self._answers = {name: list(lists) for name, lists in answers.items()}
        self._otherwise = otherwise

    async def __call__(self, host: str, port: int) -> list[str]:
        """The addresses of a name; OSError where it has none."""
        self.asked.append(host)
        answers = self._answers.get(host)
        if answers:
            return answers.pop(0) if len(answers) > 1 else answers[0]
        if self._otherwise is None:
            raise OSError("no such name")
        return self._otherwise
