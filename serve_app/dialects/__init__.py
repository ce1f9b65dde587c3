"""Other services' APIs, as this one speaks them: remove.bg's, and that of rembg's own server; docs/drop-in.md."""

from collections.abc import Callable
from typing import TypeAlias

from starlette.responses import Response
from starlette.types import Scope

from cutout.errors import CutoutError
from serve_app.dialects.rembg_server import errors as rembg_server
from serve_app.dialects.remove_bg import errors as remove_bg
from serve_app.responses.errors import error_response

Answer: TypeAlias = Callable[[CutoutError], Response]
ERRORS: dict[str, Answer] = {
    "/v1.0/": remove_bg.error_response,
    "/api/remove": rembg_server.error_response,
}
"""How an error is answered under a path; elsewhere it is the contract's."""


def refusal(error: CutoutError, scope: Scope) -> Response:
    """An error as the caller of that path expects it, whoever raised it."""
    path = scope["path"].removeprefix(scope.get("root_path", ""))
    answer = next((answer for prefix, answer in ERRORS.items() if path.startswith(prefix)), error_response)
    return answer(error)
