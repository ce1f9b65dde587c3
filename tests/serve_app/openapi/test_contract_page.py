"""docs/contract.md names every place where the service adds to the owner's document, or narrows it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cutout.errors import CutoutError
from serve_app.endpoints.table import ENDPOINTS
from serve_app.responses.dialect import OWN
from tests.serve_app.openapi.test_openapi import described

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "contract.md").read_text()
OWNER: dict[str, list[str]] = json.loads((ROOT / "docs" / "owner.json").read_text())
"""What the owner's document names, word by word."""
OTHERS = {one.path for one in ENDPOINTS if one.dialect is not OWN}
"""Paths of other services' APIs."""
PARTS = ("operations", "requests", "answers", "error_types", "statuses", "headers", "webhooks")


def named(schema: Any, schemas: dict[str, Any]) -> Iterator[str]:
    """Every field of a schema, and of those it refers to."""
    if isinstance(schema, list):
        for one in schema:
            yield from named(one, schemas)
    elif isinstance(schema, dict):
        if name := schema.get("$ref", "").rpartition("/")[2]:
            yield from named(schemas[name], schemas)
        properties = schema.get("properties", {})
        yield from (name for name in properties)
        yield from named(list(properties.values()), schemas)
        for word in ("anyOf", "oneOf", "allOf", "items", "additionalProperties"):
            yield from named(schema.get(word), schemas)


def said() -> dict[str, set[str]]:
    """What the OpenAPI page names, but for the fields of other services' APIs, which docs/drop-in.md names."""
    page = described()
    found: dict[str, set[str]] = {part: set() for part in PARTS}
    for path, operations in page["paths"].items():
        for method, operation in operations.items():
            found["operations"].add(f"{method.upper()} {path}")
            if path in OTHERS:
                continue
            content = operation.get("requestBody", {}).get("content", {}).values()
            found["requests"].update(named([kind["schema"] for kind in content], page["components"]["schemas"]))
            found["requests"].update(one["name"] for one in operation["parameters"] if one["in"] == "query")
            found["headers"].update(one["name"] for one in operation["parameters"] if one["in"] == "header")
            for status, answer in operation["responses"].items():
                found["statuses"].add(status)
                found["headers"].update(answer.get("headers", {}))
                bodies = [kind["schema"] for kind in answer.get("content", {}).values()]
                found["answers"].update(named(bodies, page["components"]["schemas"]))
    for webhook in page["webhooks"].values():
        body = webhook["post"]["requestBody"]["content"]["application/json"]["schema"]
        top = page["components"]["schemas"][body["$ref"].rpartition("/")[2]]
        found["webhooks"].update(top["properties"])
        found["headers"].update(one["name"] for one in webhook["post"]["parameters"])
    found["error_types"] = {kind.type for kind in kinds(CutoutError)}
    return found


def kinds(base: type[CutoutError]) -> Iterator[type[CutoutError]]:
    """An error class and those below it."""
    yield base
    for below in base.__subclasses__():
        if below.__module__.startswith("cutout."):
            yield from kinds(below)


SAID = said()


@pytest.mark.parametrize("part", PARTS)
def test_every_addition_is_named(part: str) -> None:
    """What the owner's document does not name stands in docs/contract.md, as `code`."""
    code = set(re.findall(r"`([^`\n]+)`", PAGE))

    assert sorted(SAID[part] - set(OWNER[part]) - code) == []


@pytest.mark.parametrize("part", PARTS)
def test_nothing_of_the_owners_is_missing(part: str) -> None:
    """What the owner's document names is there, under its own name."""
    assert sorted(set(OWNER[part]) - SAID[part]) == []


def test_every_addition_that_is_named_is_there() -> None:
    """A field that is gone is gone from the page, too: the first word of each row of its tables is one of ours."""
    rows = re.findall(r"^\| `([^`\n]+)`", PAGE, re.MULTILINE)
    everything = set().union(*SAID.values())

    assert len(rows) > 30
    assert sorted(set(rows) - everything) == []
