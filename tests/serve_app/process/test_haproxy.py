"""HAProxy's own answer, and the program that is started as HAProxy."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from cutout.errors import ServiceUnavailable
from serve_app import contract
from serve_app.process.haproxy.program import OURS
from serve_app.responses.errors import error_response
from serve_app.settings import free_port
from tests.support.haproxy import proxy
from tests.support.patience import HANG_S


def test_its_page_is_in_the_contracts_form() -> None:
    """The page is a whole HTTP answer, as this service gives it: 503 with Retry-After and the contract's error."""
    head, body = OURS.read_bytes().split(b"\r\n\r\n")
    status, *headers = head.split(b"\r\n")
    said = contract.ErrorBody.model_validate(json.loads(body)).error
    answer = error_response(ServiceUnavailable(said.message))

    assert status == b"HTTP/1.1 503 Service Unavailable"
    assert body == answer.body
    assert headers == [name + b": " + value for name, value in answer.raw_headers]


@pytest.fixture
def proxied(tmp_path: Path) -> Iterator[str]:
    """An address that the program answers by the configuration that Ray writes."""
    with proxy(tmp_path) as door:
        yield door.url


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
        answer = client.get(f"{proxied}/large")

    said = figures(tmp_path)
    assert len(answer.content) == 4 * 1024 * 1024
    assert int(said["TotalBytesOut"]) > len(answer.content)
    assert int(said["TotalSplicedBytesOut"]) == 0


def test_its_page_is_ours(tmp_path: Path) -> None:
    """Where nobody can answer, HAProxy says so by our page, whatever page was there when it was started."""
    with proxy(tmp_path, server_port=free_port()) as door, door.http as http:
        answer = http.get("/")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert OURS.read_bytes().endswith(answer.content)
