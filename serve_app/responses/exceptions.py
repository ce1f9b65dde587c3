"""What Starlette calls for an exception that an endpoint, or Starlette itself, raised."""

import logging
from collections.abc import Awaitable, Callable
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from cutout.errors import CutoutError, InternalError, MethodNotAllowed, NotFound, ValidationError
from serve_app.responses.dialect import dialect_response

logger = logging.getLogger(__name__)


async def _known(request: Request, error: Exception) -> Response:
    assert isinstance(error, CutoutError)  # noqa: S101 - for the type checker; Starlette looked it up by its class
    return dialect_response(error, request.scope)


async def _routing(request: Request, error: Exception) -> Response:
    """Starlette's own errors, for a path or a method that no route has."""
    status = getattr(error, "status_code", InternalError.status)
    what = f"{request.method} {request.url.path[:200]}"
    if status == NotFound.status:
        return dialect_response(NotFound(f"No such path: {what}"), request.scope)
    if status == MethodNotAllowed.status:
        return _not_allowed(what, request)
    return dialect_response(ValidationError(f"{what}: {getattr(error, 'detail', 'bad request')}"), request.scope)


def _not_allowed(what: str, request: Request) -> Response:
    matching = (route for route in request.app.routes if route.matches(request.scope)[0] is not Match.NONE)
    allowed = ", ".join(sorted({method for route in matching for method in route.methods}))
    response = dialect_response(MethodNotAllowed(f"{what} is not allowed; allowed: {allowed}"), request.scope)
    response.headers["Allow"] = allowed
    return response


async def _unknown(request: Request, error: Exception) -> Response:
    logger.error("Unhandled exception", exc_info=error)
    return dialect_response(InternalError("The service failed; its log has the reason"), request.scope)


EXCEPTION_HANDLERS: Final[dict[type[Exception], Callable[[Request, Exception], Awaitable[Response]]]] = {
    CutoutError: _known,
    HTTPException: _routing,
    Exception: _unknown,
}
