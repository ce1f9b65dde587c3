"""A process that decodes each picture in a fork of its own, which can be ended: by its caller, by time, by memory.

It loads only Pillow and numpy, and no secret of the service. decoder.py starts it and sends it orders over a socket
(order.py). One fork waits at all times, so that no picture waits for it; the next order is passed to it. It reports
the picture's size, waits for GO, decodes, writes the pixel file, and reports the result. When the caller closes its end
of a pipe, the kernel ends the fork.
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
from typing import Any

from PIL import Image

from cutout.errors import CutoutError
from cutout.pixels.decoding.order import FILES, GO, LEAST_CPU_S, MOST_ORDER_BYTES, Order, cpu_s, fill
from cutout.pixels.decoding.picture_file import PictureFile, opened
from cutout.pixels.picture import Picture

_SPARE_BYTES = 256 * 1024 * 1024


def serve(control: socket.socket) -> None:
    """Decode every picture that is ordered, until the other end of the socket is closed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # forks need no wait(): their end closes their socket
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    Image.preinit()
    gc.freeze()  # keeps the memory of loaded modules shared with the forks
    gc.disable()
    while True:
        with _forked(control) as spare:
            order, files, _, _ = socket.recv_fds(control, MOST_ORDER_BYTES, FILES)
            if not order:
                return
            try:
                socket.send_fds(spare, [order], files)
            except ConnectionError:  # the system has ended it meanwhile
                with _forked(control) as other:
                    socket.send_fds(other, [order], files)
        for file in files:
            os.close(file)


def _forked(control: socket.socket) -> socket.socket:
    """The socket of a fork that decodes the one order sent there: it waits already when a picture comes."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    if os.fork() == 0:
        control.close()
        ours.close()
        try:
            order, files, _, _ = socket.recv_fds(theirs, MOST_ORDER_BYTES, FILES)
            if order:
                _decode(order, *files)
        finally:
            os._exit(0)
    theirs.close()
    return ours


def _decode(order: bytes, picture_file: int, pixel_file: int, reply_file: int, wanted: int) -> None:
    """All that a fork does."""
    _end_with(wanted)
    with suppress(MemoryError), socket.socket(fileno=reply_file) as replies:
        try:
            _send(replies, _decoded(Order.of(order), picture_file, pixel_file, replies))
        except CutoutError as refused:
            _send(replies, {"refused": type(refused).__name__, "message": refused.message, "details": refused.details})


def _decoded(order: Order, picture_file: int, pixel_file: int, replies: socket.socket) -> dict[str, Any]:
    data = os.pread(picture_file, os.fstat(picture_file).st_size, 0)
    _bound(LEAST_CPU_S, len(data) * 3 + _SPARE_BYTES)
    file = opened(data, order.limits, order.field)
    _send(replies, {"width": file.size.width, "height": file.size.height})
    if replies.recv(1) != GO:
        os._exit(0)
    pixels = file.size.width * file.size.height
    seconds = cpu_s(order.limits, file.size, len(data))
    _bound(seconds, len(data) * 3 + pixels * file.contents.px_bytes + _SPARE_BYTES)
    picture = decoded_into(pixel_file, file)
    return {"alpha": picture.alpha is not None, "dpi": picture.dpi, "idle_alpha": picture.idle_alpha}


def decoded_into(pixel_file: int, file: PictureFile) -> Picture:
    """The picture of a file, with its pixels in another file: RGB, then alpha if any.

    They are written once all are decoded: memory that is mapped from a file takes three times as long to come by.
    """
    picture = file.decode()
    for plane in (picture.rgb, picture.alpha):
        if plane is not None:
            fill(pixel_file, plane.data)
    return picture


def _bound(seconds: int, more_bytes: int) -> None:
    """Limit what this process may use from now on: so many more seconds of processor time, and bytes of memory."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + seconds, hard))
    with open("/proc/self/statm") as memory:
        mapped = int(memory.read().split()[0]) * mmap.PAGESIZE
    resource.setrlimit(resource.RLIMIT_AS, (mapped + more_bytes, resource.getrlimit(resource.RLIMIT_AS)[1]))


def _end_with(wanted: int) -> None:
    """Have the kernel end this process, by SIGIO, when the other end of the pipe is closed.

    Nothing is ever written to the pipe. On the reply socket the signal would do as well, but for GO: on a busy machine
    its signal may come after GO itself has been read, and end a process that is wanted.
    """
    fcntl.fcntl(wanted, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(wanted, fcntl.F_SETFL, fcntl.fcntl(wanted, fcntl.F_GETFL) | os.O_ASYNC | os.O_NONBLOCK)
    try:
        os.read(wanted, 1)
    except BlockingIOError:
        return
    os._exit(0)  # it was closed before O_ASYNC was set


def _send(replies: socket.socket, message: dict[str, Any]) -> None:
    replies.send(json.dumps(message).encode())


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
