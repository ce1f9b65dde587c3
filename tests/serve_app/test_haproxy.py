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

from serve_app import contract
from serve_app.haproxy import PAGE, write_error_page
from serve_app.settings import free_port, ray_environment


def test_its_page_is_in_the_contracts_form(tmp_path: Path) -> None:
    """The page is a whole HTTP answer, 503 with Retry-After, and its body is the contract's error."""
    file = tmp_path / "the node's id" / PAGE
    file.parent.mkdir()
    file.write_text("HTTP/1.1 500 Internal Server Error")

    write_error_page(tmp_path)

    head, body = file.read_bytes().split(b"\r\n\r\n")
    lines = head.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines[1:])
    assert lines[0] == "HTTP/1.1 503 Service Unavailable"
    assert int(headers["retry-after"]) > 0
    assert int(headers["content-length"]) == len(body)
    assert contract.ErrorBody.model_validate(json.loads(body)).error.type == "service_unavailable"


def test_without_haproxy_nothing_is_written(tmp_path: Path) -> None:
    """Where Ray has not written its page, as with Serve's own proxy, there is none of ours either."""
    write_error_page(tmp_path)

    assert list(tmp_path.iterdir()) == []


CONFIGURATION = """global
    stats socket {folder}/admin.sock mode 600 level admin
defaults
    mode http
    timeout connect 5s
    timeout client 5s
    timeout server 5s
    option splice-request
    option splice-response
frontend door
    bind 127.0.0.1:{port}
    default_backend pictures
backend pictures
    server one 127.0.0.1:{server_port}
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
    with httpx.Client(transport=httpx.HTTPTransport(retries=8), trust_env=False) as client:
        answer = client.get(proxied)

    said = figures(tmp_path)
    assert len(answer.content) == 4 * 1024 * 1024
    assert int(said["TotalBytesOut"]) > len(answer.content)
    assert int(said["TotalSplicedBytesOut"]) == 0
