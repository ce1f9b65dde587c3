"""Which row of the table a request gets."""

import asyncio
from typing import Any

import pytest
from starlette.types import Receive, Scope, Send

from serve_app.dialects.rembg_server.errors import REMBG_SERVER
from serve_app.dialects.remove_bg.errors import REMOVE_BG
from serve_app.endpoints.table import ENDPOINTS
from serve_app.middleware.lookup import Lookup
from serve_app.responses.dialect import OWN, Dialect


def passed(method: str, path: str, root_path: str = "") -> Scope:
    """What goes on to the app."""
    seen: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(scope)

    scope = {"type": "http", "method": method, "path": path, "root_path": root_path, "headers": []}
    nothing: Any = None
    asyncio.run(Lookup(app, ENDPOINTS)(scope, nothing, nothing))
    return seen[0]


def row(scope: Scope) -> str | None:
    found = scope["state"]["endpoint"]
    return found and f"{found.method} {found.path}"


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("POST", "/process", "POST /process"),
        ("POST", "/process/", "POST /process"),
        ("POST", "/process\n", "POST /process"),
        ("POST", "/process//", None),
        ("POST", "/Process", None),
        ("GET", "/process", "POST /process"),
        ("HEAD", "/models", "GET /models"),
        ("HEAD", "/process", "POST /process"),
        ("DELETE", "/jobs/a", "DELETE /jobs/{job_id}"),
        ("GET", "/jobs/a/", "GET /jobs/{job_id}"),
        ("GET", "/jobs/a/b", None),
        ("GET", "/", "GET /"),
        ("GET", "//", None),
        ("GET", "/static/", "GET /static/{file:path}"),
        ("GET", "/static/bench/card.js", "GET /static/{file:path}"),
        ("GET", "/static", None),
        ("GET", "/docs/", "GET /docs"),
        ("GET", "/v1/models", "GET /models"),
        ("POST", "/v1/process/", "POST /process"),
        ("POST", "/v1/v1.0/removebg", "POST /v1.0/removebg"),
        ("GET", "/v1/v1/models", None),
        ("GET", "/v1/docs", None),
        ("GET", "/v1/", None),
        ("GET", "/v1", None),
        ("OPTIONS", "*", None),
    ],
)
def test_the_row_of_a_request(method: str, path: str, found: str | None) -> None:
    """As Starlette's routes match, but for a slash at the end and `/v1` before; a wrong method has a row."""
    assert row(passed(method, path)) == found


def test_behind_a_prefix() -> None:
    """The path that a proxy puts before the service's is left out, and stays where it is."""
    scope = passed("POST", "/cut/process/", root_path="/cut")

    assert (row(scope), scope["path"]) == ("POST /process", "/cut/process")
    assert row(passed("GET", "/cut/", root_path="/cut")) == "GET /"


@pytest.mark.parametrize(("path", "method"), [("/models", "GET"), ("/process", "GET"), ("/api/remove", "HEAD")])
def test_head_is_get_where_it_is_free(path: str, method: str) -> None:
    """HEAD goes on as GET, but where a GET is a job it stays HEAD, which has no route."""
    assert passed("HEAD", path)["method"] == method


@pytest.mark.parametrize(
    ("path", "dialect"),
    [
        ("/v1.0/removebg", REMOVE_BG),
        ("/v1.0/improve", REMOVE_BG),
        ("/api/remove", REMBG_SERVER),
        ("/api/remove/more", REMBG_SERVER),
        ("/process", OWN),
        ("/process/more", OWN),
        ("/nowhere", OWN),
        ("//", OWN),
    ],
)
def test_the_dialect_of_a_path(path: str, dialect: Dialect) -> None:
    """A path that is none is refused as those are that begin alike."""
    assert passed("POST", path)["state"]["dialect"] is dialect
