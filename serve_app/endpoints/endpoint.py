"""What the table of endpoints is made of, and how a request's part of it is read."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic import BaseModel
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from serve_app.requests.accept import JSON
from serve_app.responses.dialect import OWN, Dialect

Bound: TypeAlias = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class ResponseSpec:
    """The response with one status."""

    body: Any = None
    """Type of the JSON, as pydantic's TypeAdapter takes it; None: it is never JSON."""
    media: tuple[str, ...] = ()
    """Other media types that it may have."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Its own headers by name, each with a description."""


@dataclass(frozen=True, slots=True, eq=False)
class Endpoint:
    """One row of the table: what answers at a method and path, and what the rest of the service must know of it."""

    method: str
    path: str
    """As Starlette's routes have it: `/jobs/{job_id}`."""
    handler: Callable[[Any, Request], Awaitable[Response]]
    """A method of a group of endpoints. Its name and docstring are the operation's in the OpenAPI document."""
    responses: Mapping[int, ResponseSpec] = field(default_factory=dict)
    """By status; without any, the endpoint is not in the OpenAPI document."""
    errors: tuple[int, ...] = ()
    """Statuses of its dialect's errors, beside those that every endpoint may have."""
    form: type[BaseModel] | None = None
    """The fields of its body, or of its query where `media` is empty."""
    media: tuple[str, ...] = (JSON,)
    """Media types of that body."""
    parameters: tuple[Mapping[str, Any], ...] = ()
    """Other parameters, as OpenAPI writes them; those of the path are read from it."""
    takes_slot: bool = False
    """Whether a request is a job, which takes one of its caller's slots."""
    is_open: bool = False
    """Whether it needs no key, and is not counted."""
    is_compressed: bool = False
    """Whether its text is sent as gzip to callers who accept that."""
    dialect: Dialect = OWN

    @property
    def methods(self) -> tuple[str, ...]:
        """HEAD is GET without the body, but not of a job: link checkers send HEAD by themselves, and it would cost."""
        return ("GET", "HEAD") if self.method == "GET" and not self.takes_slot else (self.method,)


def bound(endpoints: Iterable[Endpoint], groups: Iterable[object]) -> dict[Endpoint, Bound]:
    """The endpoints whose group is among `groups`, each with its handler as that group's method."""
    group_of = {member: group for group in groups for member in vars(type(group)).values() if callable(member)}
    served = (one for one in endpoints if one.handler in group_of)
    return {one: getattr(group_of[one.handler], one.handler.__name__) for one in served}


def route(endpoint: Endpoint, handler: Bound) -> Route:
    """The endpoint as a route of Starlette's."""
    middleware = [Middleware(GZipMiddleware)] if endpoint.is_compressed else []
    made = Route(endpoint.path, handler, methods=endpoint.methods, middleware=middleware)
    made.methods = set(endpoint.methods)  # Starlette adds HEAD to every GET
    return made


def endpoint_of(scope: Scope) -> Endpoint | None:
    """The endpoint of a request, as middleware/lookup.py found it; of a wrong method, one that has its path."""
    endpoint: Endpoint | None = scope.get("state", {}).get("endpoint")
    return endpoint
