"""Bodies in transfer: a request's is read before its job has a slot, a response's is sent after the slot is freed."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from cutout.errors import ServiceUnavailable, ValidationError

GRACE_S = 30.0
MIN_BYTES_PER_S = 16 * 1024
"""For a body of n bytes the service waits for the caller at most GRACE_S + n / MIN_BYTES_PER_S seconds in all, and
GRACE_S at a time: bytes that went into buffers quickly do not pay for a long stall."""
CHUNK_BYTES = 256 * 1024
"""A response is handed to the server in chunks of this size; each waits until the caller has read the one before."""
MAX_HELD_BYTES = 512 * 1024 * 1024
"""Limit of the bytes of unfinished bodies in a replica, for each direction; beyond it the slowest transfer is ended."""


class Transfer:
    """One body: how many bytes of it were transferred, and how long the service has waited for the caller."""

    def __init__(self, grace_s: float) -> None:
        self._grace_s = grace_s
        self.moved = 0
        self.held = 0
        """Bytes in memory."""
        self._waited_s = 0.0
        self._waits_since: float | None = None
        self._timeout: asyncio.Timeout | None = None
        self.ended_early = False

    @property
    def rate(self) -> float:
        """Bytes per second of waiting, up to now."""
        now = asyncio.get_running_loop().time()
        waits_s = 0.0 if self._waits_since is None else now - self._waits_since
        return self.moved / (self._waited_s + waits_s + 1e-3)

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """Context of a wait for the caller. Raises TimeoutError if the caller is too slow, or end_early was called."""
        clock = asyncio.get_running_loop().time
        began = self._waits_since = clock()
        left_s = self._grace_s + self.moved / MIN_BYTES_PER_S - self._waited_s
        ends = began + min(self._grace_s, left_s)
        try:
            async with asyncio.timeout_at(began if self.ended_early else ends) as self._timeout:
                yield
        finally:
            self._timeout = self._waits_since = None
            self._waited_s += clock() - began

    def end_early(self) -> None:
        """End this transfer, to free memory for others."""
        self.ended_early = True
        if self._timeout:
            self._timeout.reschedule(asyncio.get_running_loop().time())


class Transfers:
    """All transfers in one direction."""

    def __init__(self, max_held_bytes: int = MAX_HELD_BYTES, grace_s: float = GRACE_S) -> None:
        self._max_held_bytes = max_held_bytes
        self._grace_s = grace_s
        self._active: set[Transfer] = set()

    @property
    def held(self) -> int:
        """Bytes in memory, of all of them."""
        return sum(one.held for one in self._active)

    @contextmanager
    def one(self) -> Iterator[Transfer]:
        """Context of one transfer, from its first byte to its last."""
        transfer = Transfer(self._grace_s)
        self._active.add(transfer)
        try:
            yield transfer
        finally:
            self._active.discard(transfer)

    def hold(self, transfer: Transfer, size: int) -> None:
        """Count `size` more bytes in memory; above the limit the slowest transfer is ended."""
        transfer.held += size
        if self.held > self._max_held_bytes:
            holding = (one for one in self._active if one.held and not one.ended_early)
            min(holding, key=lambda one: one.rate, default=transfer).end_early()


async def whole(receive: Receive, uploads: Transfers, max_bytes: int) -> Receive:
    """Read a request's body up to `max_bytes`, and return a `receive` that gives it again, then the rest.

    Raises, and so does that `receive`:
        ValidationError: the body came too slowly.
        ServiceUnavailable: the limit of memory was reached, and this transfer was the slowest.
        ClientDisconnect: the caller closed the connection.
    """
    messages: deque[Message] = deque()
    more = True
    with uploads.one() as transfer:
        while more and transfer.moved <= max_bytes:
            message = await _next(receive, transfer)
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            messages.append(message)
            more = message.get("more_body", False)
            uploads.hold(transfer, len(message.get("body", b"")))

    async def replay() -> Message:
        nonlocal more
        if messages:
            return messages.popleft()
        if not more:
            return await receive()
        message = await _next(receive, transfer)
        more = message.get("more_body", False)
        return message

    return replay


async def _next(receive: Receive, transfer: Transfer) -> Message:
    """The next piece of a body; raises as `whole`, but for ClientDisconnect."""
    try:
        async with transfer.waiting():
            message = await receive()
    except TimeoutError as slow:
        raise _refused(transfer) from slow
    transfer.moved += len(message.get("body", b""))
    return message


def _refused(transfer: Transfer) -> ValidationError | ServiceUnavailable:
    if transfer.ended_early:
        return ServiceUnavailable("Too many large requests at once, and this one was the slowest; retry later")
    return ValidationError(
        f"The request's body arrived too slowly: {transfer.moved} bytes; expected at least "
        f"{MIN_BYTES_PER_S // 1024} KiB a second after the first {GRACE_S:g} s"
    )


class Sending:
    """Sends responses in chunks, and ends those whose caller reads too slowly."""

    def __init__(self, app: ASGIApp, downloads: Transfers) -> None:
        self._app = app
        self._downloads = downloads

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request; if its caller reads too slowly, it ends by OSError, as for a closed connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with self._downloads.one() as transfer:

            async def send_in_chunks(message: Message) -> None:
                body, more = message.get("body", b""), message.get("more_body", False)
                self._downloads.hold(transfer, len(body))
                for chunk in _chunks(message, body, more):
                    try:
                        async with transfer.waiting():
                            await send(chunk)
                    except TimeoutError as slow:
                        raise OSError("The caller read too slowly") from slow
                    size = len(chunk.get("body", b""))
                    transfer.moved += size
                    transfer.held -= size

            await self._app(scope, receive, send_in_chunks)


def _chunks(message: Message, body: bytes, more: bool) -> Iterator[Message]:
    if len(body) <= CHUNK_BYTES:
        yield message
        return
    for start in range(0, len(body), CHUNK_BYTES):
        end = start + CHUNK_BYTES
        yield {**message, "body": body[start:end], "more_body": more or end < len(body)}
