"""HAProxy's own answer, and the program that is started as HAProxy."""

import json
import socket
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from cutout.errors import ServiceUnavailable
from serve_app import contract
from serve_app.haproxy import OURS, RAYS
from serve_app.responses import error_response
from serve_app.settings import free_port, ray_environment
from tests.patience import HANG_S


def test_its_page_is_in_the_contracts_form() -> None:
    """The page is a whole HTTP answer, as this service gives it: 503 with Retry-After and the contract's error."""
    head, body = OURS.read_bytes().split(b"\r\n\r\n")
    status, *headers = head.split(b"\r\n")
    said = contract.ErrorBody.model_validate(json.loads(body)).error
    answer = error_response(ServiceUnavailable(said.message))

    assert status == b"HTTP/1.1 503 Service Unavailable"
    assert body == answer.body
    assert headers == [name + b": " + value for name, value in answer.raw_headers]


CONFIGURATION = """global
    stats socket {folder}/admin.sock mode 600 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    option splice-request
    option splice-response
    errorfile 503 {folder}/500.http
frontend door
    bind 127.0.0.1:{port}
    default_backend pictures
    use_backend nobody if {{ path /nobody }}
backend pictures
    server one 127.0.0.1:{server_port}
backend nobody
"""


class Large(BaseHTTPRequestHandler):
    """Answers with more than HAProxy would copy by itself."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(4 * 1024 * 1024))
        self.end_headers()
        self.wfile.write(bytes(4 * 1024 * 1024))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
        """Keep the tests' output readable."""


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[str]:
    """An address that the program answers, with what Ray's configuration says of splicing."""
    program = str(Path(ray_environment("0" * 8)["RAY_SERVE_HAPROXY_BINARY_PATH"]))
    with ThreadingHTTPServer(("127.0.0.1", 0), Large) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        port, file = free_port(), tmp_path / "haproxy.cfg"
        file.write_text(CONFIGURATION.format(folder=tmp_path, port=port, server_port=server.server_port))
        (tmp_path / RAYS).write_text("HTTP/1.1 500 Internal Server Error\r\n\r\n")
        with subprocess.Popen([program, "-db", "-f", str(file)]) as haproxy:
            yield f"http://127.0.0.1:{port}"
            haproxy.terminate()
        server.shutdown()
        thread.join()


def figures(folder: Path) -> dict[str, str]:
    """What HAProxy says of itself."""
    with socket.socket(socket.AF_UNIX) as admin:
        admin.connect(str(folder / "admin.sock"))
        admin.send(b"show info\n")
        text = b"".join(iter(lambda: admin.recv(65536), b"")).decode()
    return dict(line.split(": ", 1) for line in text.splitlines() if ": " in line)


def test_nothing_is_spliced(proxied: str, tmp_path: Path) -> None:
    """HAProxy passes a large answer on without splice(), with which a caller who hangs up makes it spin."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=HANG_S, trust_env=False) as client:
        answer = client.get(proxied)

    said = figures(tmp_path)
    assert len(answer.content) == 4 * 1024 * 1024
    assert int(said["TotalBytesOut"]) > len(answer.content)
    assert int(said["TotalSplicedBytesOut"]) == 0


def test_its_page_is_ours(proxied: str) -> None:
    """Where nobody can answer, HAProxy says so by our page, whatever page was there when it was started."""
    with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=HANG_S, trust_env=False) as client:
        answer = client.get(f"{proxied}/nobody")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert OURS.read_bytes().endswith(answer.content)
