"""Endpoints -> the OpenAPI document. What every one of them has is said here; the table says the rest."""

import http.client
import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from pydantic import BaseModel, TypeAdapter

from serve_app.contract import BatchWebhookBody, WebhookBody
from serve_app.endpoints.endpoint import Endpoint, ResponseSpec
from serve_app.openapi.examples import EXAMPLES
from serve_app.openapi.parts import (
    ABOUT,
    BINARY,
    BUDGET,
    COUNTED,
    DESCRIPTIONS,
    KEYS,
    LICENCE,
    MEDIA,
    REQUEST_ID,
    RETRY_AFTER,
    TAGS,
    WEBHOOK_HEADERS,
)
from serve_app.requests.accept import JSON
from serve_app.requests.bodies.fields import FORM, MULTIPART
from serve_app.requests.forms import PICTURES
from serve_app.responses.dialect import OWN
from serve_app.settings import VERSION

Schema: TypeAlias = dict[str, Any]
WEBHOOKS: Final = {"job_ended": ("Job", WebhookBody), "batch_ended": ("Batch", BatchWebhookBody)}
Schemas: TypeAlias = Mapping[Any, Schema]
"""By type: most are references to a component."""


def document(endpoints: Iterable[Endpoint], has_keys: bool, public_url: str | None = None) -> Schema:
    """The document of these endpoints; with keys, it says where one is needed.

    `public_url` is the address for callers; without one, it is that of the document.
    """
    described = [one for one in endpoints if one.responses]
    schemas, components = _schemas(described)
    paths: Schema = {}
    for one in described:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas, has_keys)
    secured = {"securitySchemes": KEYS} if has_keys else {}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Cutout Shotgun", "version": VERSION, "description": ABOUT, "license": LICENCE},
        "servers": _servers(public_url),
        "tags": _tags(described),
        "paths": paths,
        "webhooks": {name: {"post": _webhook(name, *said, schemas)} for name, said in WEBHOOKS.items()},
        "components": {"schemas": components, **secured},
    }


def _servers(public_url: str | None) -> list[Schema]:
    base = (public_url or "").rstrip("/")
    return [{"url": base or "/"}, {"url": f"{base}/v1", "description": "The same, with its version."}]


def _tags(endpoints: Sequence[Endpoint]) -> list[Schema]:
    """The groups of operations, those that are described first."""
    found = dict.fromkeys([*(name for name, _ in TAGS.values()), *map(_tag, endpoints)])
    said = dict(TAGS.values())
    return [{"name": name, "description": said[name]} if name in said else {"name": name} for name in found]


def _tag(endpoint: Endpoint) -> str:
    segment = endpoint.path.split("/")[1]
    return TAGS[segment][0] if segment in TAGS else segment.replace("-", " ").title()


def _summary(endpoint: Endpoint) -> str:
    """The first sentence of the description, or the part before its colon or semicolon."""
    line = (inspect.getdoc(endpoint.handler) or "").partition("\n")[0]
    return re.split(r"[.;:](?:\s|$)", line)[0]


def _schemas(endpoints: Sequence[Endpoint]) -> tuple[Schemas, Schema]:
    """The schema of every type of a response, and the components that they refer to."""
    bodies = [spec.body for one in endpoints for spec in one.responses.values() if spec.body is not None]
    types = dict.fromkeys(
        [*(body for _, body in WEBHOOKS.values()), *(one.dialect.error_body for one in endpoints), *bodies]
    )
    adapters: Any = [(kind, "serialization", TypeAdapter(kind)) for kind in types]
    by_type, definitions = TypeAdapter.json_schemas(adapters, ref_template="#/components/schemas/{model}")
    components: Schema = definitions["$defs"]
    for component in components.values():
        for field in component.get("properties", {}).values():
            field.pop("default", None)  # a field that may be absent from a response has no value then
    return {kind: schema for (kind, _), schema in by_type.items()}, components


def _operation(endpoint: Endpoint, schemas: Schemas, has_keys: bool) -> Schema:
    name = endpoint.handler.__name__
    operation: Schema = {
        "tags": [_tag(endpoint)],
        "summary": _summary(endpoint),
        "description": inspect.getdoc(endpoint.handler),
        "operationId": re.sub(r"\W", "_", f"{name}{endpoint.path}_{endpoint.method.lower()}"),
        "parameters": [*_path_parameters(endpoint.path), *_query_parameters(endpoint), *endpoint.parameters],
        "responses": _responses(endpoint, schemas, has_keys),
    }
    if endpoint.form and endpoint.media:
        content = {kind: {"schema": _body(endpoint.form, kind)} for kind in endpoint.media}
        if JSON in content and endpoint.path in EXAMPLES:
            content[JSON]["example"] = EXAMPLES[endpoint.path]
        operation["requestBody"] = {"required": True, "content": content}
    if has_keys and not endpoint.is_open:
        operation["security"] = [{scheme: []} for scheme in KEYS]
    return operation


def _path_parameters(path: str) -> list[Schema]:
    names = re.findall(r"{(\w+)}", path)
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _query_parameters(endpoint: Endpoint) -> list[Schema]:
    if endpoint.form is None or endpoint.media:
        return []
    schema = _form(endpoint.form)
    return [
        {"name": name, "in": "query", "required": name in schema.get("required", ()), "schema": field}
        for name, field in schema["properties"].items()
    ]


def _body(form: type[BaseModel], media_type: str) -> Schema:
    """A form as JSON or as fields without its files, as multipart with its pictures as files, or a picture's bytes."""
    if media_type not in (JSON, FORM, MULTIPART):
        return BINARY
    schema = _form(form)
    fields = schema["properties"]
    if media_type == MULTIPART:
        return {**schema, "properties": fields | {name: BINARY for name in PICTURES if name in fields}}
    texts = {
        name: field for name, field in fields.items() if "binary" not in (_format(field), _format(field.get("items")))
    }
    return {**schema, "properties": texts}


def _format(schema: Schema | None) -> str | None:
    return schema.get("format") if schema else None


def _form(form: type[BaseModel]) -> Schema:
    """A form's schema without defaults of null: generators of clients make fields that have a default required."""
    schema = form.model_json_schema()
    for field in schema["properties"].values():
        if field.get("default", ...) is None:
            del field["default"]
    return schema


def _responses(endpoint: Endpoint, schemas: Schemas, has_keys: bool) -> Schema:
    """The responses by status; those that every endpoint of its kind may have are added here."""
    counted = () if endpoint.is_open else COUNTED
    # Other APIs have a status of their own for a wrong key.
    unauthorized = (401,) if has_keys and not endpoint.is_open and endpoint.dialect is OWN else ()
    errors = (500, *counted, *unauthorized, *endpoint.errors)
    specs = dict.fromkeys(errors, ResponseSpec(endpoint.dialect.error_body)) | dict(endpoint.responses)
    return {
        str(status): {
            "description": DESCRIPTIONS.get(status, http.client.responses[status]),
            "content": _content(spec, schemas),
            "headers": _headers(endpoint, status, spec),
        }
        for status, spec in sorted(specs.items())
    }


def _content(spec: ResponseSpec, schemas: Schemas) -> Schema:
    json = {} if spec.body is None else {JSON: {"schema": schemas[spec.body]}}
    return json | {kind: {"schema": MEDIA.get(kind, BINARY)} for kind in spec.media}


def _headers(endpoint: Endpoint, status: int, spec: ResponseSpec) -> Schema:
    own = {name: {"description": text, "schema": {"type": "string"}} for name, text in spec.headers.items()}
    counted = {} if endpoint.is_open or status == 401 else BUDGET
    waits = RETRY_AFTER if status in COUNTED else {}
    return own | REQUEST_ID | counted | waits


def _webhook(name: str, what: str, body: Any, schemas: Schemas) -> Schema:
    return {
        "summary": f"{what} ended",
        "description": f"Sent to a `webhook_url` when its {what.lower()} has ended; docs/jobs.md. Any 2xx takes it.",
        "operationId": name,
        "parameters": WEBHOOK_HEADERS,
        "requestBody": {"required": True, "content": {JSON: {"schema": schemas[body]}}},
        "responses": {"2XX": {"description": "It is delivered."}},
    }
