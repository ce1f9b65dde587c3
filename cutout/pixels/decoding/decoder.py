"""Decodes each picture in a process of its own, with a bound on its time and memory.

picture_file.py checks a file's header against the limits before anything is decoded. The process is the safety net
below: decoding that costs more than any picture should is ended, without harm to the service.
"""

import asyncio
import json
import mmap
import os
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

import numpy as np

from cutout.errors import CutoutError, InvalidFormat, ResolutionTooHigh
from cutout.limits import LimitsSpec
from cutout.pixels.decoding.order import GO, LEAST_CPU_S, MOST_ORDER_BYTES, Order, cpu_s, fill
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Size

SERVER = "cutout.pixels.decoding.server"
"""Run as a program, and not imported: a process that only asks for pictures loads no codec."""
_READ_AT_ONCE = mmap.MAP_SHARED | mmap.MAP_POPULATE
"""All pages are mapped at once, since all of them will be read."""
_LARGE_PAGES = {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}
"""Of glibc: each fork takes all its memory anew, and pages of 2 MiB come in a quarter of the time of those of 4 KiB."""
T = TypeVar("T")
_REFUSALS: dict[str, type[CutoutError]] = {"InvalidFormat": InvalidFormat, "ResolutionTooHigh": ResolutionTooHigh}


def _any_size(_: Size) -> None:
    """Accepts every size."""


class Decoder:
    """Decodes for one event loop, at most `limits.decoding_px` pixels at a time."""

    def __init__(self, limits: LimitsSpec) -> None:
        self._limits = limits
        self._budget = PixelBudget(limits.decoding_px)

    def start(self) -> None:
        """Start the decoding process, 25 MB and a quarter of a second of a processor, before the first picture."""
        _SERVER.start()

    async def decode(self, data: bytes, field: str = "image", check: Callable[[Size], None] = _any_size) -> Picture:
        """The picture of a file. Cancelling the call ends the decoding process.

        Args:
            data: the file.
            field: the request's field that it came in; errors name it.
            check: called with the size that the header states; may raise before anything is decoded.

        Raises:
            InvalidFormat: not a supported format, or a file that is damaged, costs too much, or crashes its decoder.
            ResolutionTooHigh: the picture is larger than the limits allow.
        """
        pixel_file = os.memfd_create("pixels")
        try:
            async with _fork(data, pixel_file, Order(self._limits, field)) as replies:
                header = await self._reply(replies, field, LEAST_CPU_S)
                size = Size(header["width"], header["height"])
                check(size)
                async with self._budget.for_pixels(size.width * size.height):
                    with suppress(ConnectionError):  # the process has ended; the next read reports it
                        await asyncio.get_running_loop().sock_sendall(replies, GO)
                    end = await self._reply(replies, field, cpu_s(self._limits, size, len(data)))
            return await _in_thread(lambda: _read(pixel_file, size, end))
        finally:
            os.close(pixel_file)

    async def _reply(self, replies: socket.socket, field: str, most_s: int) -> dict[str, Any]:
        try:
            received = await asyncio.get_running_loop().sock_recv(replies, MOST_ORDER_BYTES)
        except ConnectionResetError:
            received = b""
        if not received:
            message = f"it takes more than {most_s} s, or more memory than its pixels need, or ends its decoder"
            raise InvalidFormat.of_field(field, f"Image is too costly to decode: {message}")
        reply: dict[str, Any] = json.loads(received)
        if "refused" in reply:
            raise _REFUSALS[reply["refused"]](reply["message"], reply["details"])
        return reply


class PixelBudget:
    """Admits a number of pixels at a time, first come, first served; a larger picture is admitted when it is alone."""

    def __init__(self, pixels: int) -> None:
        self._pixels = self._free = pixels
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def for_pixels(self, pixels: int) -> AsyncIterator[None]:
        """Wait until so many pixels are admitted; they are released at the end of the block."""
        pixels = min(pixels, self._pixels)
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((pixels, turn))
        self._admit()
        try:
            await turn
            yield
        finally:
            if not turn.cancelled():
                self._free += pixels
            self._admit()

    def _admit(self) -> None:
        while self._waiting:
            pixels, turn = self._waiting[0]
            if not turn.cancelled():
                if pixels > self._free:
                    return
                self._free -= pixels
                turn.set_result(None)
            self._waiting.popleft()


class _Server:
    """The server process (server.py), one for each process of ours, restarted when it has ended."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def order(self, order: bytes, files: Sequence[int]) -> None:
        """Send an order with its file descriptors."""
        with self._lock:
            try:
                socket.send_fds(self._running(), [order], files)
            except ConnectionError:
                socket.send_fds(self._started(), [order], files)

    def start(self) -> None:
        """Start the process before the first order."""
        with self._lock:
            self._running()

    def _running(self) -> socket.socket:
        # Asked first: a fork of a process that was killed may hold its end of the socket open for a moment.
        if self._control and self._process and self._process.poll() is None:
            return self._control
        return self._started()

    def _started(self) -> socket.socket:
        if self._control and self._process:
            self._control.close()
            self._process.wait()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # It does not inherit our environment, which holds secrets.
            self._process = subprocess.Popen(
                [sys.executable, "-m", SERVER, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1", **_LARGE_PAGES},
                stdin=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C must reach the service only, which ends it by closing its socket
            )
        self._control = ours
        return ours


_SERVER = _Server()


@asynccontextmanager
async def _fork(data: bytes, pixel_file: int, order: Order) -> AsyncIterator[socket.socket]:
    """The reply socket of a process that decodes; at the end of the block the process is ended."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    picture_file = os.memfd_create("picture")
    watched, wanted = os.pipe()
    try:
        with ours:
            try:
                with theirs:
                    await _in_thread(lambda: fill(picture_file, memoryview(data)))
                    _SERVER.order(order.packed(), [picture_file, pixel_file, theirs.fileno(), watched])
            finally:
                os.close(watched)
                os.close(picture_file)
            ours.setblocking(False)
            yield ours
    finally:
        os.close(wanted)


async def _in_thread(work: Callable[[], T]) -> T:
    """Run `work` in a thread. When cancelled, wait for it all the same: its files are closed afterwards."""
    thread = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(thread)
    finally:
        await asyncio.wait([thread])


def _read(pixel_file: int, size: Size, end: dict[str, Any]) -> Picture:
    """The picture, its pixels mapped from the file without a copy."""
    memory, count = mmap.mmap(pixel_file, 0, _READ_AT_ONCE, mmap.PROT_READ), size.width * size.height
    rgb = np.frombuffer(memory, np.uint8, 3 * count).reshape(size.height, size.width, 3)
    alpha = np.frombuffer(memory, np.uint8, count, 3 * count).reshape(rgb.shape[:2]) if end["alpha"] else None
    return Picture(rgb, alpha, tuple(end["dpi"]) if end["dpi"] else None, idle_alpha=end["idle_alpha"])
