"""Connections of the HTTP server that Ray starts in an ingress replica: uvicorn's (0.54), with time limits."""

import asyncio
import socket

from uvicorn.config import HTTP_PROTOCOLS
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from serve_app.process.haproxy.configuration import HEAD_S


class Connection(HttpToolsProtocol):
    """Sends small answers without delay, and is closed when no request arrives.

    uvicorn limits the time neither of a new connection, nor of a request's head, nor of the rest of a body after its
    answer. HAProxy does so for its own callers; others could connect to a replica's port and stay for ever.
    """

    head_s = float(HEAD_S)
    """Longest time for the head of a request, and for its first byte on a new connection, in seconds."""
    _end: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn's
        """Wait for the first head.

        asyncio sets TCP_NODELAY on sockets created with the protocol TCP. Ray's is not (Ray 2.60), and each small
        answer would wait 40 ms for the acknowledgement of its own head (Nagle).
        """
        super().connection_made(transport)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._end_in(self.head_s)

    def on_message_begin(self) -> None:
        """A head has begun."""
        super().on_message_begin()
        self._end_in(self.head_s)

    def on_headers_complete(self) -> None:
        """It is complete."""
        self._cancel()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Part of a head or a body; anything else has as long as an idle connection."""
        super().data_received(data)
        if self._end is None and not self._under_way():
            self._end_in(float(self.timeout_keep_alive))

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended."""
        self._cancel()
        super().connection_lost(exc)

    def _under_way(self) -> bool:
        """Whether a request is still to be answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def _end_in(self, seconds: float) -> None:
        self._cancel()
        self._end = self.loop.call_later(seconds, self._ended, seconds)

    def _cancel(self) -> None:
        if self._end:
            self._end.cancel()
        self._end = None

    def _ended(self, seconds: float) -> None:
        if self._under_way():  # the head of a second request, sent early
            self._end_in(seconds)
        else:
            self.transport.abort()


def listen() -> None:
    """Make every server that uvicorn starts in this process use such connections."""
    HTTP_PROTOCOLS["auto"] = f"{Connection.__module__}:{Connection.__name__}"
