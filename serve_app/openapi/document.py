"""What the OpenAPI page says of every endpoint alike: its path's parts, keys, limits, and when to come back."""

from functools import cache
from typing import Annotated, Any

from fastapi import FastAPI, Header

from serve_app.contract import ErrorBody, WebhookBody
from serve_app.dialects import ERRORS
from serve_app.middleware.access import is_open

KEYS = {"bearer": {"type": "http", "scheme": "bearer"}, "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"}}
ERROR = {"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{ErrorBody.__name__}"}}}}
COUNTED = {"429": "More requests a minute, or jobs at a time, than the caller's tier allows", "503": "Away for now"}
NUMBER = {"type": "integer", "minimum": 0}
REQUEST_ID = {"X-Request-Id": {"schema": {"type": "string"}, "description": "The caller's own, or a new one."}}
BUDGET = {
    "X-RateLimit-Limit": {"schema": NUMBER, "description": "Requests a minute of the caller's tier."},
    "X-RateLimit-Remaining": {"schema": NUMBER, "description": "Those that are left."},
    "X-RateLimit-Reset": {"schema": NUMBER, "description": "When all of them are there again, in Unix seconds."},
}
RETRY_AFTER = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."}}


def complete(app: FastAPI, has_keys: bool) -> None:
    """Have the page of an app say it. It is made when it is first asked for: that takes a tenth of a second."""
    app.webhooks.post("job_ended")(_job_ended)
    bare = app.openapi

    @cache
    def page() -> dict[str, Any]:
        full = bare()
        if has_keys:
            full["components"]["securitySchemes"] = KEYS
        full["webhooks"]["job_ended"]["post"]["responses"] = {"2XX": {"description": "It is delivered."}}
        for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's, of that webhook
            full["components"]["schemas"].pop(name, None)
        _drop_defaults(full["components"]["schemas"])
        for path, operations in full["paths"].items():
            for operation in operations.values():
                _describe(operation, path, has_keys)
        return full

    app.openapi = page  # type: ignore[method-assign]


def _job_ended(
    body: WebhookBody,
    webhook_id: Annotated[str, Header(description="The same for each attempt.")],
    webhook_timestamp: Annotated[int, Header(description="Unix time of the attempt, in seconds.")],
    webhook_signature: Annotated[str | None, Header(description="Standard Webhooks'; with a secret.")] = None,
) -> None:
    """What is sent to a request's `webhook_url` when its job has ended; docs/jobs.md. Any 2xx takes it."""


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
    for status, answer in answers.items():
        counted = {} if is_open(path) or status == "401" else BUDGET
        waits = RETRY_AFTER if status in COUNTED else {}
        answer["headers"] = answer.get("headers", {}) | REQUEST_ID | counted | waits


def _drop_defaults(schemas: dict[str, Any]) -> None:
    """Of answers: a field that may be absent is absent, and has no value for that."""
    for schema in schemas.values():
        for field in schema.get("properties", {}).values():
            field.pop("default", None)
