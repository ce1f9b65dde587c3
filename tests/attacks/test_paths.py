"""HEAD, a slash at a path's end, and what a browser is told about the pages."""

import re

import pytest
from starlette.testclient import TestClient

from serve_app.endpoints.table import ENDPOINTS

PICTURE = b"\x89PNG\r\n"
FILES = ("/static/page.js", "/docs/assets/swagger-ui.css")
GETS = [re.sub(r"\{[^}]+\}", "absent", one.path) for one in ENDPOINTS if "HEAD" in one.methods]
"""Every path that has GET and HEAD, with something in the place of its parameters."""


def test_head_is_get_without_the_body(client: TestClient) -> None:
    """HEAD has GET's status and headers and no body, errors too, at each path that has GET."""
    varying = {"date", "x-request-id", "x-ratelimit-remaining", "x-ratelimit-reset", "retry-after"}
    for path in (*GETS, *FILES):
        got, head = client.get(path), client.head(path)

        assert head.status_code == got.status_code, path
        assert head.content == b""
        assert {n: v for n, v in head.headers.items() if n not in varying} == {
            n: v for n, v in got.headers.items() if n not in varying
        }
    assert len(GETS) >= 15


def test_head_pays_for_no_job(client: TestClient) -> None:
    """A link checker's HEAD of an address that makes a cutout is refused, and so is one of a POST."""
    for path in ("/api/remove?url=https://pictures.example/a.png", "/remove-background"):
        assert client.head(path).status_code == 405


@pytest.mark.parametrize("path", ["/remove-background", "/upscale", "/process", "/v1.0/removebg", "/health", "/models"])
def test_a_slash_at_the_end_is_nothing(client: TestClient, path: str) -> None:
    """It is answered as without it, also behind a proxy: nobody is sent to another address with his key."""
    method = "GET" if path in ("/health", "/models") else "POST"
    behind = {"Host": "cut.example", "X-Forwarded-Proto": "https"}
    plain, slashed = (
        client.request(method, path + end, content=PICTURE, headers=behind, follow_redirects=False) for end in ("", "/")
    )

    assert "location" not in slashed.headers
    assert slashed.status_code == plain.status_code
    if method == "POST":
        assert slashed.json().keys() == plain.json().keys()


@pytest.mark.parametrize("path", ["//", "/models//", "//models/", "/nowhere/", "/static/", "/docs/assets/"])
def test_what_is_no_path_stays_none(client: TestClient, path: str) -> None:
    """Only one slash is passed over, and a folder is no file."""
    answer = client.send(client.build_request("GET", f"http://testserver{path}"), follow_redirects=False)

    assert answer.status_code == 404


@pytest.mark.parametrize("path", ["/docs", "/docs/", "/docs/assets/swagger-ui-bundle.js"])
def test_the_documentation_is_framed_by_nobody(client: TestClient, path: str) -> None:
    """It has a policy as the page has: no other host, no script but its own, no frame."""
    headers = client.get(path).headers
    script = re.search(r"script-src ([^;]*)", headers["content-security-policy"])

    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert script
    assert "unsafe" not in script.group(1)
    assert (headers["x-frame-options"], headers["x-content-type-options"]) == ("DENY", "nosniff")
