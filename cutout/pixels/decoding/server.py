"""A process that decodes each picture in a fork of its own, which can be ended: by its caller, by time, by memory.

It holds nothing but Pillow and numpy, and no secret of the service. decoder.py starts it and gives it work: over one
socket come orders, each with three files: the picture's, one for its pixels, and a socket to talk of it. On that the
fork tells the picture's size, waits for a byte that says go, decodes, and tells what it has written. When the caller
closes the socket, the kernel ends the fork.
"""

import fcntl
import gc
import json
import mmap
import os
import resource
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from PIL import Image

from cutout.errors import CutoutError
from cutout.limits import LimitsSpec
from cutout.pixels.decoding.picture_file import PictureFile, is_small, opened
from cutout.pixels.picture import Picture
from cutout.pixels.types import Size

MOST_ORDER_BYTES = 65_536
FILES = 3
GO = b"g"
LEAST_CPU_S = 2
"""The processor time of a small picture, or of a small file; it is counted in whole seconds."""
_SPARE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Order:
    """A picture to be decoded."""

    limits: LimitsSpec
    field: str

    def packed(self) -> bytes:
        """As it is sent."""
        return json.dumps([self.limits.model_dump(), self.field]).encode()

    @staticmethod
    def of(packed: bytes) -> "Order":
        """What `packed` wrote."""
        limits, field = json.loads(packed)
        return Order(LimitsSpec.model_validate(limits), field)


def cpu_s(limits: LimitsSpec, size: Size, file_bytes: int) -> int:
    """Seconds of processor time that a picture of this size may take."""
    if is_small(file_bytes):
        return LEAST_CPU_S
    share = size.width * size.height / limits.input_px
    return max(LEAST_CPU_S, round(limits.decode_s * share))


def serve(control: socket.socket) -> None:
    """Decode whatever is ordered, until nobody can order any more."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody asks how a fork ended: its socket is closed then
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.preinit()
    gc.freeze()  # what is here stays shared with the forks
    gc.disable()
    while True:
        order, files, _, _ = socket.recv_fds(control, MOST_ORDER_BYTES, FILES)
        if not order:
            return
        if os.fork() == 0:
            control.close()
            try:
                _decode(order, *files)
            finally:
                os._exit(0)
        for file in files:
            os.close(file)


def _decode(order: bytes, picture_file: int, pixel_file: int, talk_file: int) -> None:
    """A fork's whole life."""
    with suppress(MemoryError), socket.socket(fileno=talk_file) as talk:
        try:
            _say(talk, _decoded(Order.of(order), picture_file, pixel_file, talk))
        except CutoutError as refused:
            _say(talk, {"refused": type(refused).__name__, "message": refused.message, "details": refused.details})


def _decoded(order: Order, picture_file: int, pixel_file: int, talk: socket.socket) -> dict[str, Any]:
    data = os.pread(picture_file, os.fstat(picture_file).st_size, 0)
    _bound(LEAST_CPU_S, len(data) * 3 + _SPARE_BYTES)
    file = opened(data, order.limits, order.field)
    _say(talk, {"width": file.size.width, "height": file.size.height})
    if talk.recv(1) != GO:
        os._exit(0)
    _end_with(talk)
    pixels = file.size.width * file.size.height
    seconds = cpu_s(order.limits, file.size, len(data))
    _bound(seconds, len(data) * 3 + pixels * file.contents.px_bytes + _SPARE_BYTES)
    picture = decoded_into(pixel_file, file)
    return {"alpha": picture.alpha is not None, "dpi": picture.dpi, "idle_alpha": picture.idle_alpha}


def decoded_into(pixel_file: int, file: PictureFile) -> Picture:
    """A picture whose pixels lie in a file: RGB, then alpha where there is some."""
    pixels = file.size.width * file.size.height
    os.ftruncate(pixel_file, 4 * pixels)
    return file.decode(mmap.mmap(pixel_file, 4 * pixels))


def _bound(seconds: int, more_bytes: int) -> None:
    """So much more processor time and memory, and no more."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, hard))
    with open("/proc/self/statm") as memory:
        mapped = int(memory.read().split()[0]) * mmap.PAGESIZE
    resource.setrlimit(resource.RLIMIT_AS, (mapped + more_bytes, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _end_with(talk: socket.socket) -> None:
    """From now on the kernel ends this process when the other end of the socket is closed."""
    fcntl.fcntl(talk, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(talk, fcntl.F_SETFL, fcntl.fcntl(talk, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
    try:
        talk.recv(1)
    except BlockingIOError:
        return
    os._exit(0)  # it was closed meanwhile


def _say(talk: socket.socket, said: dict[str, Any]) -> None:
    talk.send(json.dumps(said).encode())


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
