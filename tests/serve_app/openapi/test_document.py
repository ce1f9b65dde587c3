"""What a reader of the OpenAPI document depends on: groups, names, servers, and examples that succeed."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from serve_app.app import create_app
from serve_app.openapi.document import document
from serve_app.openapi.parts import TAGS
from tests.serve_app.dialects.dropped import drop_in_registry
from tests.serve_app.openapi.test_openapi import described
from tests.support.in_process import Memory, shotgun

PAGE = described()


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A caller of the app itself."""
    with TestClient(create_app(shotgun(drop_in_registry()), Memory()), raise_server_exceptions=False) as client:
        yield client


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in PAGE["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def test_every_operation_can_be_found() -> None:
    """Each has a group, which is listed, an id of its own, and a summary that fits a line; known groups come first."""
    named = dict(operations())
    groups = [tag["name"] for tag in PAGE["tags"]]
    known = dict.fromkeys(name for name, _ in TAGS.values())

    assert [name for name, one in named.items() if len(one["tags"]) != 1 or one["tags"][0] not in groups] == []
    assert len({one["operationId"] for one in named.values()}) == len(named)
    assert [name for name, one in named.items() if not 8 <= len(one["summary"]) <= 110] == []
    assert groups[: len(known)] == list(known)
    assert all(tag["description"] for tag in PAGE["tags"] if tag["name"] in known)


@pytest.mark.parametrize(
    ("public_url", "urls"),
    [(None, ["/", "/v1"]), ("https://cut.example/api/", ["https://cut.example/api", "https://cut.example/api/v1"])],
)
def test_servers(public_url: str | None, urls: list[str]) -> None:
    """The address for callers, where it is configured; and the same with a version."""
    assert [server["url"] for server in document([], has_keys=False, public_url=public_url)["servers"]] == urls


EXAMPLES = {
    name: body["example"]
    for name, one in operations()
    if (body := one.get("requestBody", {}).get("content", {}).get("application/json", {})) and "example" in body
}


@pytest.mark.parametrize("version", ["", "/v1"])
@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_succeeds(client: TestClient, name: str, version: str) -> None:
    """Sent as it is, with and without the version, it is answered with 200."""
    path = version + name.removeprefix("POST ")

    answer = client.post(path, json=EXAMPLES[name])
    assert answer.status_code == 200, answer.text


def test_the_main_requests_have_one() -> None:
    """Those that a newcomer tries first."""
    assert {"POST /remove-background", "POST /process", "POST /upscale", "POST /v1.0/removebg"} <= EXAMPLES.keys()
