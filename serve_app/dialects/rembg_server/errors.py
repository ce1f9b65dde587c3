"""The errors of rembg's server, in FastAPI's form: `detail` is a sentence, or a list with the wrong parameter."""

from typing import Any, Final

from starlette.responses import JSONResponse, Response

from cutout.errors import CutoutError, ValidationError
from serve_app.contract import Body
from serve_app.responses.dialect import Dialect
from serve_app.responses.errors import headers_of

UNPROCESSABLE = 422


class RembgError(Body):
    """Every error of /api/remove."""

    detail: str | list[dict[str, Any]]


class WrongParameter(ValidationError):
    """A wrong parameter, and where it was expected: in the `query` or in the `body`."""

    def __init__(self, wrong: ValidationError, where: str) -> None:
        super().__init__(wrong.message, wrong.details)
        self.where = where


def error_response(error: CutoutError) -> Response:
    """An error in FastAPI's form."""
    if isinstance(error, WrongParameter):
        loc = [error.where, error.details.get("field", "")]
        detail = {"type": "value_error", "loc": loc, "msg": error.message, "input": error.details.get("received")}
        return JSONResponse({"detail": [detail]}, UNPROCESSABLE)
    return JSONResponse({"detail": error.message}, error.status, headers_of(error))


REMBG_SERVER: Final = Dialect(error_response, RembgError)
