"""What the OpenAPI page says of every endpoint alike: its path's parts, keys, limits, and when to come back."""

from functools import cache
from typing import Any

from fastapi import FastAPI

from serve_app.access import is_open
from serve_app.contract import ErrorBody
from serve_app.dialects import ERRORS

KEYS = {"bearer": {"type": "http", "scheme": "bearer"}, "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
ERROR = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}}}}
COUNTED = {"429": "More requests a minute, or jobs at a time, than the caller's tier allows", "503": "Away for now"}
RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."}}


def complete(app: FastAPI, has_keys: bool) -> None:
    """Have the page of an app say it. It is made when it is first asked for: that takes a tenth of a second."""
    bare = app.openapi

    @cache
    def page() -> dict[str, Any]:
        full = bare()
        if has_keys:
            full["components"]["securitySchemes"] = KEYS
        for path, operations in full["paths"].items():
            for operation in operations.values():
                _describe(operation, path, has_keys)
        return full

    app.openapi = page  # type: ignore[method-assign]


def _describe(operation: dict[str, Any], path: str, has_keys: bool) -> None:
    names = [part[1:-1] for part in path.split("/") if part.startswith("{")]
    parts = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]
    operation["parameters"] = parts + operation.get("parameters", [])
    answers: dict[str, Any] = operation["responses"]
    if has_keys and not is_open(path):
        operation["security"] = [{name: []} for name in KEYS]
    if not is_open(path) and not path.startswith(tuple(ERRORS)):  # another API has refusals of its own form
        for status, description in COUNTED.items():
            answers.setdefault(status, {"description": description, **ERROR})
        if has_keys:
            answers["401"] = {"description": "No key that is known", **ERROR}
    for status in COUNTED.keys() & answers.keys():
        answers[status]["headers"] = RETRY_AFTER
