"""The pages at `/` and `/docs`, and the OpenAPI document. Files are static, and have strict security headers."""

import mimetypes
from collections.abc import Callable
from functools import cache
from http import HTTPStatus
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles

STATIC: Final = Path(__file__).parents[1] / "static"
SWAGGER_UI: Final = Path(str(distribution("fastapi-swagger").locate_file("fastapi_swagger/resources")))
"""Found without an import, which would bring FastAPI, and take 0.4 s."""
CLOSED: Final = (
    "default-src 'none'",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
)
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        *CLOSED,
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",  # pictures are shown from blobs
        "require-trusted-types-for 'script'",  # no script of the page turns text into markup
    )
)
DOCS_POLICY: Final = "; ".join(
    (
        *CLOSED,
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",  # Swagger UI sets styles by itself
        "img-src 'self' data: blob:",
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",  # for browsers and scanners that do not know frame-ancestors
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # File names have no version, so a browser revalidates each time, and gets 304 by the ETag.
    "Cache-Control": "no-cache",
}

mimetypes.add_type("text/javascript", ".js")  # RFC 9239; Python 3.11 and some systems' tables say otherwise
mimetypes.add_type("image/avif", ".avif")  # which some systems do not know yet


class PageEndpoints:
    """`/` and `/leaderboard`, two views of one page; `/docs` with Swagger UI; their files, and the OpenAPI document."""

    def __init__(self, document: Callable[[], dict[str, Any]]) -> None:
        """`document` makes the OpenAPI document. It is called at the first request for it, since it takes 0.1 s."""
        self._document = cache(document)
        self._static = _PageFiles(directory=STATIC)
        self._swagger_ui = _PageFiles(directory=SWAGGER_UI)

    async def page(self, request: Request) -> Response:
        """The page on which pictures are compared."""
        return await self._static.get_response("index.html", request.scope)

    async def static(self, request: Request) -> Response:
        """A file of that page."""
        return await self._static.get_response(request.path_params["file"], request.scope)

    async def docs(self, request: Request) -> Response:
        """Swagger UI."""
        response = await self._static.get_response("docs.html", request.scope)
        response.headers["Content-Security-Policy"] = DOCS_POLICY
        return response

    async def docs_assets(self, request: Request) -> Response:
        """A file of Swagger UI's."""
        return await self._swagger_ui.get_response(request.path_params["file"], request.scope)

    async def openapi(self, _: Request) -> Response:
        """The OpenAPI document."""
        return JSONResponse(self._document())


class _PageFiles(StaticFiles):
    """Static files with HEADERS, in a 304 too. The ETag is weak: as gzip, a file has it too."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(HEADERS)
        response.headers["ETag"] = f"W/{response.headers['ETag']}"
        if response.status_code == HTTPStatus.NOT_MODIFIED:
            response.headers["Vary"] = "Accept-Encoding"  # as the gzip middleware gives it to a whole file
        return response
