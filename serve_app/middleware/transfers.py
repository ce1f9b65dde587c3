"""Bodies in transfer: a request's is read before its job has a slot, a response's is sent after the slot is freed."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutout.errors import ServiceUnavailable, ValidationError

GRACE_S = 30.0
LEAST_BYTES_S = 16 * 1024
"""For a body of n bytes the service waits for the caller at most GRACE_S + n / LEAST_BYTES_S seconds in all, and
GRACE_S at a time: bytes that went into buffers quickly do not pay for a long stall."""
PIECE_BYTES = 256 * 1024
"""A response is handed to the server in pieces of this size; each waits until the caller has read the one before."""
HELD_BYTES = 512 * 1024 * 1024
"""Limit of the bytes of unfinished bodies in a replica, for each direction; beyond it the slowest transfer is ended."""


class Transfer:
    """One body: how many bytes of it were transferred, and how long the service has waited for the caller."""

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self.moved = 0
        self.held = 0
        """Bytes in memory."""
        self._waited_s = 0.0
        self._timeout: asyncio.Timeout | None = None
        self.gave_way = False

    @property
    def rate(self) -> float:
        """Bytes per second of waiting."""
        return self.moved / (self._waited_s + 1e-3)

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Context of a wait for the caller. Raises TimeoutError if the caller is too slow, or give_way was called."""
        clock = asyncio.get_running_loop().time
        began = clock()
        left_s = self._grace_s + self.moved / LEAST_BYTES_S - self._waited_s
        ends = began + min(self._grace_s, left_s)
        try:
            async with asyncio.timeout_at(began if self.gave_way else ends) as self._timeout:
                yield
        finally:
            self._timeout = None
            self._waited_s += clock() - began

    def give_way(self) -> None:
        """End this transfer, to free memory for others."""
        self.gave_way = True
        if self._timeout:
            self._timeout.reschedule(asyncio.get_running_loop().time())


class Transfers:
    """All transfers in one direction."""

    def __init__(self, most_held: int = HELD_BYTES, grace_s: float = GRACE_S) -> None:
        self._most_held = most_held
        self._grace_s = grace_s
        self._under_way: set[Transfer] = set()

    @property
    def held(self) -> int:
        """Bytes in memory, of all of them."""
        return sum(one.held for one in self._under_way)

    @contextmanager
    def one(self) -> Iterator[Transfer]:
        """Context of one transfer, from its first byte to its last."""
        transfer = Transfer(self._grace_s)
        self._under_way.add(transfer)
        try:
            yield transfer
        finally:
            self._under_way.discard(transfer)

    def hold(self, transfer: Transfer, size: int) -> None:
        """Count `size` more bytes in memory; above the limit the slowest transfer is ended."""
        transfer.held += size
        if self.held > self._most_held:
            holding = (one for one in self._under_way if one.held and not one.gave_way)
            min(holding, key=lambda one: one.rate, default=transfer).give_way()


async def whole(receive: Receive, uploads: Transfers, most_bytes: int) -> Receive:
    """Read a request's body up to `most_bytes`, and return a `receive` that gives it again, and then the rest.

    Raises:
        ValidationError: the body came too slowly.
        ServiceUnavailable: the limit of memory was reached, and this transfer was the slowest.
        ClientDisconnect: the caller closed the connection.
    """
    messages: deque[Message] = deque()
    more = True
    with uploads.one() as transfer:
        while more and transfer.moved <= most_bytes:
            try:
                async with transfer.waiting():
                    message = await receive()
            except TimeoutError as slow:
                raise _refused(transfer) from slow
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            messages.append(message)
            size, more = len(message.get("body", b"")), message.get("more_body", False)
            transfer.moved += size
            uploads.hold(transfer, size)

    async def replay() -> Message:
        return messages.popleft() if messages else await receive()

    return replay


def _refused(transfer: Transfer) -> ValidationError | ServiceUnavailable:
    if transfer.gave_way:
        return ServiceUnavailable("Too many large requests at once, and this one was the slowest; retry later")
    return ValidationError(
        f"The request's body arrived too slowly: {transfer.moved} bytes; expected at least {LEAST_BYTES_S // 1024} KiB "
        f"a second after the first {GRACE_S:g} s"
    )


class Sending:
    """Sends responses in pieces, and ends those whose caller reads too slowly."""

    def __init__(self, app: ASGIApp, downloads: Transfers) -> None:
        self._app = app
        self._downloads = downloads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request; if its caller reads too slowly, it ends by OSError, as for a closed connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._downloads.one() as transfer:

            async def send_in_pieces(message: Message) -> None:
                body, more = message.get("body", b""), message.get("more_body", False)
                self._downloads.hold(transfer, len(body))
                for piece in _pieces(message, body, more):
                    try:
                        async with transfer.waiting():
                            await send(piece)
                    except TimeoutError as slow:
                        raise OSError("The caller read too slowly") from slow
                    size = len(piece.get("body", b""))
                    transfer.moved += size
                    transfer.held -= size

            await self._app(scope, receive, send_in_pieces)


def _pieces(message: Message, body: bytes, more: bool) -> Iterator[Message]:
    if len(body) <= PIECE_BYTES:
        yield message
        return
    for start in range(0, len(body), PIECE_BYTES):
        end = start + PIECE_BYTES
        yield {**message, "body": body[start:end], "more_body": more or end < len(body)}
