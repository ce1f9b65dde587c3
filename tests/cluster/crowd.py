"""Callers of a real service who never get to an end, others who go on meanwhile, and what an ingress replica spends."""

import io
import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Self

import httpx
from PIL import Image

from serve_app.process.child_processes import members
from tests.cluster.killing import PAID, WIDTHS, picture
from tests.support.patience import HANG_S

HALF_HEADS, UPLOADS, READERS = 300, 120, 4
"""As many uploads as three ingress replicas have jobs in hand, and more."""
TICKS = os.sysconf("SC_CLK_TCK")


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


def spent_s(run: str) -> float:
    """Seconds of processor time that a run's ingress replicas have taken."""
    ticks = 0
    for pid in members(run):
        process = Path("/proc") / str(pid)
        with suppress(OSError):  # it ended meanwhile
            if b"ServeReplica:cutout:Ingress" in (process / "cmdline").read_bytes():
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS


class Insistent:
    """A caller who asks for paid pictures, each on a connection of its own, until nobody listens any more."""

    def __init__(self, url: str, key: str) -> None:
        headers = {"X-API-Key": key, "Connection": "close", "Content-Type": "image/png"}
        self._http = httpx.Client(base_url=url, headers=headers, timeout=HANG_S, trust_env=False)
        self.outcomes: dict[int, int | str] = {}
        """Status of the answer, or what came instead of one, by the picture's width."""

    def ask(self) -> Self:
        """Ask; returns when a connection is refused."""
        with self._http as http:
            while True:
                width = next(WIDTHS)
                try:
                    answer = http.post(f"/remove-background?include_models={PAID}", content=picture(width))
                except httpx.ConnectError:
                    return self
                except httpx.TransportError as cut:
                    self.outcomes[width] = type(cut).__name__
                else:
                    self.outcomes[width] = answer.status_code
