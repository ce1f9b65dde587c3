"""The pages at `/` and `/docs`: static files, with the headers that keep them to themselves."""

import mimetypes
import re
from base64 import b64encode
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from fastapi.openapi.docs import get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

STATIC: Final = Path(__file__).parents[1] / "static"
SWAGGER_UI: Final = Path(str(files("fastapi_swagger"))) / "resources"
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
        "img-src 'self' blob:",  # pictures are shown from memory
        "require-trusted-types-for 'script'",  # nothing on the page turns text into markup
    )
)
DOCS_POLICY: Final = (
    *CLOSED,
    "style-src 'self' 'unsafe-inline'",  # Swagger UI sets styles by itself
    "img-src 'self' data: blob:",
)
"""Its script comes with its hash."""
HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Frame-Options": "DENY",  # for browsers and scanners that do not know frame-ancestors
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Names carry no version: a browser asks each time, and is answered 304 by the file's ETag.
    "Cache-Control": "no-cache",
}

mimetypes.add_type("text/javascript", ".js")  # RFC 9239; Python 3.11 and some systems' tables say otherwise


def page_routes() -> list[BaseRoute]:
    """`/` and `/leaderboard`, two views of one document, `/docs`, and their files; GET and HEAD, open to everybody."""
    ours = _PageFiles(directory=STATIC)

    async def page(request: Request) -> Response:
        return await ours.get_response("index.html", request.scope)

    views = [Route(path, page, include_in_schema=False) for path in ("/", "/leaderboard")]
    docs = [Mount("/docs/assets", _PageFiles(directory=SWAGGER_UI)), _docs_route()]
    return [*views, Mount("/static", ours), *docs]


def _docs_route() -> Route:
    """Swagger UI, the same for every caller; its one script is named by its hash."""
    page = get_swagger_ui_html(
        openapi_url="openapi.json",
        title="Cutout Shotgun",
        swagger_js_url="docs/assets/swagger-ui-bundle.js",
        swagger_css_url="docs/assets/swagger-ui.css",
        swagger_favicon_url="docs/assets/favicon-32x32.png",
    )
    [script] = re.findall(rb"<script>(.*?)</script>", page.body, re.DOTALL)
    allowed = f"script-src 'self' 'sha256-{b64encode(sha256(script).digest()).decode()}'"
    page.headers.update(HEADERS | {"Content-Security-Policy": "; ".join((*DOCS_POLICY, allowed))})

    async def docs(_: Request) -> Response:
        return page

    return Route("/docs", docs, include_in_schema=False)


class _PageFiles(StaticFiles):
    """Files with HEADERS, also on a 304."""

    def file_response(self, *args: Any, **kwargs: Any) -> Response:
        response = super().file_response(*args, **kwargs)
        response.headers.update(HEADERS)
        return response
