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
from cutout.pixels.decoding import server
from cutout.pixels.decoding.server import GO, LEAST_CPU_S, MOST_ORDER_BYTES, Order, cpu_s
from cutout.pixels.picture import Picture
from cutout.pixels.types import Size

_READ_AT_ONCE = mmap.MAP_SHARED | mmap.MAP_POPULATE
"""All pages are mapped in one go: all of them will be read."""
T = TypeVar("T")
_REFUSALS: dict[str, type[CutoutError]] = {"InvalidFormat": InvalidFormat, "ResolutionTooHigh": ResolutionTooHigh}


def _any_size(_: Size) -> None:
    """Nothing is asked of it."""


class Decoder:
    """Decodes for one event loop, so many pixels at a time as `limits.decoding_px` says."""

    def __init__(self, limits: LimitsSpec) -> None:
        self._limits = limits
        self._budget = PixelBudget(limits.decoding_px)
        _SERVER.start()

    async def decode(self, data: bytes, field: str = "image", check: Callable[[Size], None] = _any_size) -> Picture:
        """The picture of a file. A caller who is cancelled ends it.

        Args:
            data: the file.
            field: the request's field that it came in; errors name it.
            check: is told the size, which is known from the header, and may raise before anything is decoded.

        Raises:
            InvalidFormat: no picture of a format that is read, or one that breaks off, costs more than it should, or
                has a fault in a decoder's own code end its process.
            ResolutionTooHigh: larger than the limits allow.
        """
        pixel_file = os.memfd_create("pixels")
        try:
            async with _fork(data, pixel_file, Order(self._limits, field)) as talk:
                header = await self._heard(talk, field, LEAST_CPU_S)
                size = Size(header["width"], header["height"])
                check(size)
                async with self._budget.for_pixels(size.width * size.height):
                    with suppress(ConnectionError):  # it has been ended meanwhile, which is heard
                        await asyncio.get_running_loop().sock_sendall(talk, GO)
                    end = await self._heard(talk, field, cpu_s(self._limits, size, len(data)))
            return await _in_thread(lambda: _read(pixel_file, size, end))
        finally:
            os.close(pixel_file)

    async def _heard(self, talk: socket.socket, field: str, most_s: int) -> dict[str, Any]:
        try:
            said = await asyncio.get_running_loop().sock_recv(talk, MOST_ORDER_BYTES)
        except ConnectionResetError:
            said = b""
        if not said:
            message = f"it takes more than {most_s} s, or more memory than its pixels need, or ends its decoder"
            raise InvalidFormat.of_field(field, f"Image is too costly to decode: {message}")
        heard: dict[str, Any] = json.loads(said)
        if "refused" in heard:
            raise _REFUSALS[heard["refused"]](heard["message"], heard["details"])
        return heard


class PixelBudget:
    """Room for so many pixels at a time, in the order of coming; what is larger has all of it to itself."""

    def __init__(self, pixels: int) -> None:
        self._pixels = self._free = pixels
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def for_pixels(self, pixels: int) -> AsyncIterator[None]:
        """Wait for room, and hold it."""
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
    """server.py, one for this process, started anew when it is gone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._control: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def order(self, order: bytes, files: Sequence[int]) -> None:
        """Hand over an order with its files."""
        with self._lock:
            try:
                socket.send_fds(self._control or self._started(), [order], files)
            except ConnectionError:
                socket.send_fds(self._started(), [order], files)

    def start(self) -> None:
        """Be there before the first order."""
        with self._lock:
            if self._control is None:
                self._started()

    def _started(self) -> socket.socket:
        if self._control and self._process:
            self._control.close()
            self._process.wait()
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            # Its environment is its own: what is secret in ours is none of its business.
            self._process = subprocess.Popen(
                [sys.executable, "-m", server.__name__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                env={"PYTHONPATH": os.pathsep.join(sys.path), "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                process_group=0,  # Ctrl-C is for the service, which ends it by closing its socket
            )
        self._control = ours
        return ours


_SERVER = _Server()


@asynccontextmanager
async def _fork(data: bytes, pixel_file: int, order: Order) -> AsyncIterator[socket.socket]:
    """The socket of a process that decodes; closing it ends the process."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    picture_file = os.memfd_create("picture")
    with ours:
        try:
            with theirs:
                await _in_thread(lambda: _fill(picture_file, data))
                _SERVER.order(order.packed(), [picture_file, pixel_file, theirs.fileno()])
        finally:
            os.close(picture_file)
        ours.setblocking(False)
        yield ours


async def _in_thread(work: Callable[[], T]) -> T:
    """Megabytes are moved off the event loop. Who is cancelled waits for it: then the thread's files may be closed."""
    thread = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(thread)
    finally:
        await asyncio.wait([thread])


def _fill(file: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(file, rest) :]


def _read(pixel_file: int, size: Size, end: dict[str, Any]) -> Picture:
    """The pixels where they were written: nothing is copied."""
    memory, count = mmap.mmap(pixel_file, 0, _READ_AT_ONCE, mmap.PROT_READ), size.width * size.height
    rgb = np.frombuffer(memory, np.uint8, 3 * count).reshape(size.height, size.width, 3)
    alpha = np.frombuffer(memory, np.uint8, count, 3 * count).reshape(rgb.shape[:2]) if end["alpha"] else None
    return Picture(rgb, alpha, tuple(end["dpi"]) if end["dpi"] else None, idle_alpha=end["idle_alpha"])
