"""In which form an error is answered: the contract's, or that of another service's API."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from pydantic import BaseModel
from starlette.responses import Response
from starlette.types import Scope

from cutout.errors import CutoutError
from serve_app.contract import ErrorBody
from serve_app.responses.errors import error_response


@dataclass(frozen=True, slots=True)
class Dialect:
    """How an API writes its errors: as a response, and as the OpenAPI document shows it."""

    error_response: Callable[[CutoutError], Response]
    error_body: type[BaseModel]


OWN: Final = Dialect(error_response, ErrorBody)
"""The contract's."""


def dialect_response(error: CutoutError, scope: Scope) -> Response:
    """An error as a response in the dialect of the request's path, which middleware/lookup.py found."""
    dialect: Dialect = scope.get("state", {}).get("dialect", OWN)
    return dialect.error_response(error)
