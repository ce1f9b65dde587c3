"""What the OpenAPI page says of each endpoint: its forms and answers. The endpoints read and write them themselves."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel

from serve_app import contract
from serve_app.endpoints.export import FORMATS
from serve_app.endpoints.jobs import ASYNC
from serve_app.requests.accept import FORMATS as PICTURES
from serve_app.requests.accept import NDJSON, SSE, ZIP
from serve_app.requests.idempotency import KEY, KEY_CHARS
from serve_app.responses.write import HEADERS

BINARY = {"type": "string", "format": "binary"}
EVENT = {
    "type": "object",
    "description": "One event: `data` is JSON, as the event's name says; with NDJSON, its fields are the line's own.",
    "properties": {"event": {"enum": ["started", "finished", "failed", "summary", "error"]}},
    "required": ["event"],
}

FAILED: dict[type[contract.DurableForm], dict[int, Any]] = {
    contract.RemoveForm: {
        422: contract.FailedRemoveBody | contract.CancelledJobBody,
        503: contract.FailedRemoveBody | contract.ErrorBody,
    },
    contract.ProcessForm: {
        422: contract.FailedProcessBody | contract.CancelledJobBody,
        503: contract.FailedProcessBody | contract.ErrorBody,
    },
    contract.UpscaleForm: {
        422: contract.FailedUpscaleBody | contract.CancelledJobBody | contract.ErrorBody,
        503: contract.FailedUpscaleBody | contract.ErrorBody,
    },
}
"""What is answered when a job failed, by its form and the status."""


def answers(body: Any, *errors: int, form: type[BaseModel] | None = None) -> dict[str, Any]:
    """FastAPI's description of an endpoint's answers and JSON body; the endpoint reads and writes them itself."""
    responses: dict[int | str, dict[str, Any]] = {200: {"model": body}}
    responses |= {status: {"model": contract.ErrorBody} for status in (*errors, 500)}
    described: dict[str, Any] = {"responses": responses, "response_model": None}
    if form:
        content = {"application/json": {"schema": form.model_json_schema()}}
        described["openapi_extra"] = {"requestBody": {"required": True, "content": content}}
    return described


def content(schemas: dict[str, Any], *errors: int) -> dict[str, Any]:
    """An endpoint that answers something else than JSON: schemas by media type."""
    content = {media_type: {"schema": schema} for media_type, schema in schemas.items()}
    described = answers(contract.ErrorBody, *errors)
    described["responses"][200] = {"description": "As the media type says.", "content": content}
    return described


def exported(*errors: int) -> dict[str, Any]:
    """An endpoint that answers a file, in the format of the query."""
    described = answers(list[contract.ExportedPick], *errors)
    described["responses"][200]["content"] = {"text/csv": {"schema": {"type": "string"}}}
    format_ = {"type": "string", "enum": list(FORMATS), "default": "csv"}
    return described | {"openapi_extra": {"parameters": [{"name": "format", "in": "query", "schema": format_}]}}


def signed(*errors: int) -> dict[str, Any]:
    """A picture at an address that answers gave, signed."""
    given = {"in": "query", "required": True, "schema": {"type": "string"}}
    query = [{"name": name, **given} for name in ("expires", "signature")]
    return content({"image/*": BINARY}, *errors) | {"openapi_extra": {"parameters": query}}


def ready() -> dict[str, Any]:
    """The probe that says by its status whether requests should come."""
    described = answers(contract.ReadyBody)
    described["responses"][503] = {"model": contract.ReadyBody}
    return described


def accepted(*errors: int) -> dict[str, Any]:
    """An endpoint that answers 202."""
    described = answers(contract.AcceptedBody, *errors)
    described["responses"][202] = described["responses"].pop(200)
    return described | {"status_code": 202}


def job(form: type[contract.DurableForm], body: type[BaseModel]) -> dict[str, Any]:
    """An endpoint that takes a picture: as JSON, as multipart, or as its own bytes with the fields in the query."""
    content = _form_content(form) | {name: {"schema": BINARY} for name in ("image/*", "application/octet-stream")}
    described = answers(body, 400, 413, 415, 422, 503)
    described["responses"][200] |= _pictures(() if form is contract.UpscaleForm else (ZIP,))
    extra: dict[str, Any] = {"requestBody": {"required": True, "content": content}}
    described["responses"] |= {202: {"model": contract.AcceptedBody}, 409: {"model": contract.ErrorBody}}
    described["responses"] |= {status: {"model": kinds} for status, kinds in FAILED[form].items()}
    if issubclass(form, contract.CutoutForm):
        described["responses"][403] = {"model": contract.ErrorBody}
        described["responses"][200]["content"] |= {stream: {"schema": EVENT} for stream in (SSE, NDJSON)}
    key = {"type": "string", "minLength": 1, "maxLength": KEY_CHARS, "pattern": "^[ -~]*$"}
    extra["parameters"] = [
        {"name": KEY, "in": "header", "schema": key, "description": "The same key and request are the same job."},
        {"name": "Prefer", "in": "header", "schema": {"type": "string"}, "description": f"`{ASYNC}`: answer 202."},
    ]
    return described | {"openapi_extra": extra}


def composed() -> dict[str, Any]:
    """The endpoint that makes another finish."""
    described = answers(contract.RemoveBody | contract.ProcessBody, 400, 404, 409, 413, 415, 422, 503)
    described["responses"][200] |= _pictures((ZIP,))
    content = _form_content(contract.ComposeForm)
    return described | {"openapi_extra": {"requestBody": {"required": True, "content": content}}}


def _form_content(form: type[BaseModel]) -> dict[str, Any]:
    """A form as JSON, and as multipart with its pictures as files."""
    schema = form.model_json_schema()
    files = {name: BINARY for name in ("image", "background") if name in schema["properties"]}
    parts = {**schema, "properties": {**schema["properties"], **files}}
    return {"application/json": {"schema": schema}, "multipart/form-data": {"schema": parts}}


def _pictures(media_types: Iterable[str]) -> dict[str, Any]:
    """Pictures that an answer may be, as Accept says, and what its headers tell then."""
    headers = {name: {"description": text, "schema": {"type": "string"}} for name, text in HEADERS.items()}
    return {"content": {name: {"schema": BINARY} for name in (*media_types, *PICTURES)}, "headers": headers}
