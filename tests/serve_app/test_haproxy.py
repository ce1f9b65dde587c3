"""HAProxy's own answer."""

import json
from pathlib import Path

from serve_app import contract
from serve_app.haproxy import PAGE, write_error_page


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
