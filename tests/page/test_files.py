"""The page's files: small, whole, of this service alone."""

import re
from pathlib import Path

import httpx
import pytest

from serve_app.endpoints.page import CONTENT_SECURITY_POLICY, STATIC
from tests.page.service import Service
from tests.support.patience import HANG_S

BUDGET_BYTES = 250_000
GZIP, PLAIN = {"Accept-Encoding": "gzip, deflate, br, zstd"}, {"Accept-Encoding": "identity"}
BOTH = (GZIP, PLAIN)
PICTURES = (".avif",)
FILES = sorted(path for path in STATIC.rglob("*") if path.is_file() and path.suffix not in PICTURES)
TYPES = {
    "": "text/html; charset=utf-8",
    "leaderboard": "text/html; charset=utf-8",
    "static/page.css": "text/css; charset=utf-8",
    "static/page.js": "text/javascript; charset=utf-8",
    "static/bench/card.js": "text/javascript; charset=utf-8",
    "static/icon.svg": "image/svg+xml",
    "static/sample.avif": "image/avif",
    "static/start/sample-cutout.avif": "image/avif",
}


def test_it_is_small(service: Service) -> None:
    """A browser that loads every file, the photograph to try and its cutout among them, receives under 250 KB."""
    paths = [path.relative_to(STATIC).as_posix() for path in STATIC.rglob("*") if path.is_file()]
    with httpx.Client(base_url=service.url, trust_env=False, timeout=HANG_S, headers=GZIP) as client:
        received = [client.get(f"static/{path}") for path in paths]

    assert all(response.status_code == 200 for response in received)
    assert 0 < sum(response.num_bytes_downloaded for response in received) < BUDGET_BYTES


@pytest.mark.parametrize("path", ["", "static/page.js", "static/page.css", "docs/assets/swagger-ui.css"])
def test_text_is_compressed_for_who_accepts_it(service: Service, path: str) -> None:
    """A browser gets gzip; without Accept-Encoding the same bytes come plain; by the ETag of one, neither is sent."""
    with httpx.Client(base_url=service.url, trust_env=False, timeout=HANG_S, headers=GZIP) as client:
        gzip, plain = client.get(path), client.get(path, headers=PLAIN)
        head = client.head(path)
        again = [client.get(path, headers={"If-None-Match": gzip.headers["etag"], **accepted}) for accepted in BOTH]

    assert (gzip.headers["content-encoding"], plain.headers.get("content-encoding")) == ("gzip", None)
    assert gzip.content == plain.content
    assert gzip.num_bytes_downloaded < plain.num_bytes_downloaded == len(plain.content)
    assert gzip.headers["etag"] == plain.headers["etag"]
    assert (head.headers.get("content-length"), head.content) == (gzip.headers.get("content-length"), b"")
    assert [response.status_code for response in again] == [304, 304]
    assert {response.headers["vary"] for response in (gzip, plain, head, *again)} == {"Accept-Encoding"}


def test_a_picture_is_not_compressed_again(service: Service) -> None:
    """An AVIF is sent as it is."""
    response = httpx.get(f"{service.url}static/sample.avif", trust_env=False, timeout=HANG_S, headers=GZIP)

    assert "content-encoding" not in response.headers
    assert response.content == (STATIC / "sample.avif").read_bytes()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_it_names_no_other_host(path: Path) -> None:
    """No file has an address with a host; a namespace is a name, and not asked for."""
    text = path.read_text(encoding="utf-8").replace('xmlns="http://www.w3.org/2000/svg"', "")

    assert re.findall(r"\w+://|[\"'(]//", text) == []


def test_nothing_is_inline() -> None:
    """The document has no style, no script and no handler of its own, so that the policy can forbid them."""
    text = (STATIC / "index.html").read_text(encoding="utf-8")

    assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", text) == []


@pytest.mark.parametrize("path", TYPES)
def test_a_browser_gets_type_and_policy_and_asks_again(service: Service, path: str) -> None:
    """Each file has its type and the policy; asked for again by its ETag it is not sent, and the policy stays."""
    with httpx.Client(base_url=service.url, trust_env=False, timeout=HANG_S) as client:
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})

    assert (first.status_code, again.status_code) == (200, 304)
    assert first.headers["content-type"] == TYPES[path]
    for response in (first, again):
        assert response.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert response.headers["cache-control"] == "no-cache"
        assert response.headers["x-content-type-options"] == "nosniff"
    assert "unsafe" not in CONTENT_SECURITY_POLICY


@pytest.mark.parametrize("path", ["static/absent.js", "static/../page.py", "static/%2e%2e/page.py", "static/"])
def test_what_is_not_there_is_the_contracts_404(service: Service, path: str) -> None:
    """A missing file, or one outside the folder, is the service's own error."""
    response = httpx.get(service.url + path, trust_env=False, timeout=HANG_S)

    assert response.status_code == 404
    assert response.json()["error"]["type"] == "not_found"
