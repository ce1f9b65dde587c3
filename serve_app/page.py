"""The page at `/`: static files, with the headers that keep it to itself."""

import mimetypes
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

STATIC: Final = Path(__file__).with_name("static")
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob:",  # pictures are shown from memory
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",  # nothing on the page turns text into markup
    )
)
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Names carry no version: a browser asks each time, and is answered 304 by the file's ETag.
    "Cache-Control": "no-cache",
}

mimetypes.add_type("text/javascript", ".js")  # RFC 9239; Python 3.11 and some systems' tables say otherwise


def page_routes() -> list[BaseRoute]:
    """`/` and `/leaderboard`, two views of one document, and `/static/*`; GET and HEAD, open to everybody."""
    files = _PageFiles(directory=STATIC)

    async def page(request: Request) -> Response:
        return await files.get_response("index.html", request.scope)

    views = [Route(path, page, include_in_schema=False) for path in ("/", "/leaderboard")]
    return [*views, Mount("/static", files)]


class _PageFiles(StaticFiles):
    """Files with HEADERS, also on a 304."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(HEADERS)
        return response
