"""The ports of ingress replicas, which answer HTTP without passing HAProxy, and requests sent as they are."""

import re
import socket
from contextlib import closing
from http.client import HTTPMessage, parse_headers
from pathlib import Path

from serve_app.process.child_processes import members
from tests.support.patience import HANG_S
from tests.support.ray_service import wait_for


def doors(run: str, count: int = 1) -> list[int]:
    """Ports of a run's ingress replicas, once there are so many: a service is ready with the first of them."""
    [pid, *_] = members(run)
    environment = (Path("/proc") / str(pid) / "environ").read_text()
    [first] = re.findall(r"RAY_SERVE_DIRECT_INGRESS_MIN_HTTP_PORT=(\d+)", environment)
    wait_for(lambda: len(_open(int(first))) >= count, HANG_S, f"{count} ingress replicas")
    return _open(int(first))


def asked(port: int, *lines: str) -> tuple[int, HTTPMessage]:
    """Status and headers of GET /models with these header lines sent as they are."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=HANG_S)) as connection:
        head = "\r\n".join(["GET /models HTTP/1.1", "Host: here", *lines, "Connection: close", "", ""])
        connection.sendall(head.encode())
        answer = connection.makefile("rb")
        return int(answer.readline().split()[1]), parse_headers(answer)


def _open(first: int) -> list[int]:
    return [port for port in range(first, first + 100) if _is_open(port)]


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
