"""The drop-in endpoints as OpenAPI shows them; they read and write their bodies themselves."""

from typing import Any

from serve_app.contract import Body, Form
from serve_app.requests.bodies.fields import FORM, JSON, MULTIPART

PICTURE = {"schema": {"type": "string", "format": "binary"}}


class RemoveBgError(Body):
    """One error of remove.bg's."""

    title: str
    detail: str
    code: str


class RemoveBgErrors(Body):
    """Every error under /v1.0/."""

    errors: list[RemoveBgError]


class RemoveBgPicture(Body):
    """A result, and the subject's box in it, in pixels."""

    result_b64: str
    foreground_top: int
    foreground_left: int
    foreground_width: int
    foreground_height: int


class RemoveBgBody(Body):
    """Answer of POST /v1.0/removebg to who accepts JSON rather than a picture."""

    data: RemoveBgPicture


class AccountBody(Body):
    """Answer of GET /v1.0/account: `data.attributes` has `credits` and `api`."""

    data: dict[str, dict[str, dict[str, float | str]]]


class RembgError(Body):
    """Every error of /api/remove."""

    detail: str | list[dict[str, Any]]


def removebg(form: type[Form]) -> dict[str, Any]:
    """POST /v1.0/removebg."""
    schema = form.model_json_schema()
    texts = {name: field for name, field in schema["properties"].items() if field.get("format") != "binary"}
    kinds = {kind: {"schema": {**schema, "properties": texts}} for kind in (FORM, JSON)}
    kinds |= {MULTIPART: {"schema": schema}}
    content = {"image/*": PICTURE, "application/zip": PICTURE}
    described = _answers(RemoveBgErrors, 400, 402, 403, 415, 429, 500, 503)
    described["responses"][200] = {"model": RemoveBgBody, "content": content, "description": "As Accept prefers."}
    return described | {"openapi_extra": {"requestBody": {"required": True, "content": kinds}}}


def account() -> dict[str, Any]:
    """GET /v1.0/account."""
    described = _answers(RemoveBgErrors, 403, 429, 503)
    described["responses"][200] = {"model": AccountBody}
    return described


def remove(form: type[Form], *, in_query: bool) -> dict[str, Any]:
    """GET or POST /api/remove."""
    schema = form.model_json_schema()
    described = _answers(RembgError, 400, 401, 403, 413, 415, 422, 429, 500, 503)
    described["responses"][200] = {"content": {"image/png": PICTURE}, "description": "The picture."}
    if not in_query:
        return described | {
            "openapi_extra": {"requestBody": {"required": True, "content": {MULTIPART: {"schema": schema}}}}
        }
    parameters = [
        {"name": name, "in": "query", "required": name in schema["required"], "schema": field}
        for name, field in schema["properties"].items()
    ]
    return described | {"openapi_extra": {"parameters": parameters}}


def _answers(error: type[Body], *statuses: int) -> dict[str, Any]:
    responses: dict[int | str, dict[str, Any]] = {status: {"model": error} for status in statuses}
    return {"responses": responses, "response_model": None}
