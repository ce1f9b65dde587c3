"""Callers of a real service who never get to an end, and whether it is alive meanwhile."""

import io
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx
from PIL import Image

from tests.patience import HANG_S

HALF_HEADS, UPLOADS, READERS = 300, 120, 4
"""As many uploads as three ingress replicas have jobs in hand, and more."""


@contextmanager
def crowd(port: int, key: str) -> Iterator[list[socket.socket]]:
    """Half-sent heads, uploads that never end, and readers of large answers who read nothing, all at once.

    Its readers' answers have begun to come.
    """
    noise = io.BytesIO()
    Image.frombytes("RGB", (400, 400), os.urandom(480_000)).save(noise, "PNG")
    head = f"Host: here\r\nX-API-Key: {key}\r\nContent-Type: image/png\r\nContent-Length: "
    upscale = f"POST /upscale?scale_factor=4 HTTP/1.1\r\n{head}{len(noise.getvalue())}\r\n\r\n".encode()
    upload = f"POST /remove-background HTTP/1.1\r\n{head}1000000\r\n\r\n".encode()
    with ExitStack() as stack:
        readers = [stack.enter_context(_sent(port, upscale + noise.getvalue())) for _ in range(READERS)]
        others = [upload + bytes(100)] * UPLOADS + [upload[:-4]] * HALF_HEADS
        for message in others:
            stack.enter_context(_sent(port, message))
        for reader in readers:
            assert reader.recv(12, socket.MSG_PEEK) == b"HTTP/1.1 200"
        yield readers


def _sent(port: int, message: bytes) -> socket.socket:
    """A connection with small buffers on which this was sent."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(HANG_S)
    connection.connect(("127.0.0.1", port))
    connection.sendall(message)
    return connection


def wait_alive_s(port: int) -> float:
    """Seconds after which GET /health/live was answered on a new connection."""
    answer = httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=HANG_S, trust_env=False)
    assert answer.status_code == 200
    return answer.elapsed.total_seconds()
