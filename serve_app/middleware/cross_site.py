"""Pages of other sites: which requests a browser may send for them, and which answers their scripts may read."""

from starlette.datastructures import Headers
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from cutout.accounts.spec import AccessSpec
from cutout.errors import CutoutError, Forbidden
from serve_app.dialects.remove_bg.responses import HEADERS as REMOVE_BG_HEADERS
from serve_app.endpoints.endpoint import endpoint_of
from serve_app.requests.hosts import Hosts
from serve_app.responses.dialect import dialect_response
from serve_app.responses.write import HEADERS

ALLOWED_HEADERS = (
    "Accept", "Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "Prefer",
    "X-API-Key", "X-Request-Id",
)  # fmt: skip
EXPOSED_HEADERS = (
    "Content-Disposition", "ETag", "Location", "Preference-Applied", "Retry-After", "X-RateLimit-Limit",
    "X-RateLimit-Remaining", "X-RateLimit-Reset", "X-Request-Id", *HEADERS, *REMOVE_BG_HEADERS,
)  # fmt: skip
PREFLIGHT_S = 600


class CrossSite:
    """Refuses requests with an unknown Host, and requests of other sites' pages, with 403. For services without keys.

    A browser sends requests for any page, to loopback too, and thus with its user's access to this service. It names
    the page's site in Sec-Fetch-Site if this service's address is trustworthy (https, loopback), else in Origin or
    Referer. A request without any of them comes from a program. A page whose own host name was made to resolve to this
    service (DNS rebinding) counts as the same site, but its Host is unknown.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        fault = self._fault(scope) if scope["type"] == "http" else None
        await (dialect_response(fault, scope) if fault else self._app)(scope, receive, send)

    def _fault(self, scope: Scope) -> CutoutError | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if host and not self._hosts.knows(host):
            return Forbidden(
                f"The Host {host[:100]!r} is not known: the operator can allow it by access.hosts in service.yaml"
            )
        origin = headers.get("origin") or headers.get("referer", "")
        site = headers.get("sec-fetch-site")
        ours = site in ("same-origin", "none") or (site is None and not origin)
        if ours or self._hosts.is_own(_origin(origin), host) or _is_free(scope):
            return None
        return Forbidden(
            f"A page of another site ({_origin(origin)[:100] or site}) may not use this service without a key: the "
            "operator can allow it by access.cors_origins in service.yaml"
        )


def with_cors(app: ASGIApp, access: AccessSpec) -> ASGIApp:
    """The app, whose responses scripts of the pages in `access.cors_origins` may read; without any, the app itself."""
    if not access.cors_origins:
        return app
    return CORSMiddleware(
        app,
        allow_origins=access.cors_origins,
        allow_methods=("GET", "HEAD", "POST", "DELETE"),
        allow_headers=ALLOWED_HEADERS,
        expose_headers=EXPOSED_HEADERS,
        max_age=PREFLIGHT_S,
    )


def _is_free(scope: Scope) -> bool:
    """Whether a request costs nothing and tells the other page nothing: a link to a page, a picture by its address."""
    endpoint = endpoint_of(scope)
    return endpoint is not None and endpoint.is_open and endpoint.method == scope["method"] == "GET"


def _origin(url: str) -> str:
    """Scheme, host and port of an Origin or Referer."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.partition('/')[0]}"
