"""Which endpoint of the table a request is for. Everything behind this reads it from the request's state."""

from collections.abc import Iterable

from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serve_app.endpoints.endpoint import Endpoint
from serve_app.responses.dialect import OWN, Dialect

VERSION = "/v1"
"""Before any path of the API: the same, for callers who want a version in their addresses."""


class Lookup:
    """Puts a request's Endpoint, or None, and the Dialect of its errors into `scope["state"]`.

    One slash at the end of a path is ignored: `POST /path/` is passed on as `POST /path`. A redirect would name the
    address as this process sees it, which behind a proxy is often another one (`http://`), and the caller would send
    the API key there. `/v1/path` is passed on as `/path`, where that is in the OpenAPI document. HEAD is passed on as
    GET, and the response's body is left out.
    """

    def __init__(self, app: ASGIApp, endpoints: Iterable[Endpoint]) -> None:
        self._app = app
        self._patterns = tuple((compile_path(one.path)[0], one) for one in endpoints)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        root_path: str = scope.get("root_path", "")
        path = self._without_slash(self._without_version(scope["path"].removeprefix(root_path)))
        endpoints, method = self._at(path), scope["method"]
        if method == "HEAD" and all(one.method != "GET" or "HEAD" in one.methods for one in endpoints):
            without_body = _WithoutBody(receive, send)
            method, receive, send = "GET", without_body.receive, without_body.send
        found = next((one for one in endpoints if one.method == method), next(iter(endpoints), None))
        scope.setdefault("state", {}).update(endpoint=found, dialect=self._dialect(path, found))
        prefix = root_path if scope["path"].startswith(root_path) else ""
        await self._app({**scope, "path": prefix + path, "method": method}, receive, send)

    def _at(self, path: str) -> list[Endpoint]:
        """The endpoints of a path, one for each method, by Starlette's own patterns."""
        return [one for pattern, one in self._patterns if pattern.match(path)]

    def _without_version(self, path: str) -> str:
        """The path without `/v1` before it, if an endpoint of the API is there."""
        plain = path.removeprefix(VERSION) if path.startswith(f"{VERSION}/") else path
        return plain if any(one.responses for one in self._at(self._without_slash(plain))) else path

    def _without_slash(self, path: str) -> str:
        """The path without one slash at its end, unless an endpoint's path ends so, or it ends with several."""
        return path if self._at(path) or path.endswith("//") else path.removesuffix("/")

    def _dialect(self, path: str, found: Endpoint | None) -> Dialect:
        """The endpoint's; for an unknown path, that of the endpoints with the same first segment."""
        beside = (one for _, one in self._patterns if one.path.split("/")[1:2] == path.split("/")[1:2])
        nearest = found or next(beside, None)
        return nearest.dialect if nearest else OWN


class _WithoutBody:
    """Sends the head of a response only. To the app the caller has then disconnected, so that a stream ends."""

    def __init__(self, receive: Receive, send: Send) -> None:
        self._receive = receive
        self._send = send
        self._ended = False

    async def receive(self) -> Message:
        return {"type": "http.disconnect"} if self._ended else await self._receive()

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            await self._send(message)
        elif not self._ended:
            self._ended = True
            await self._send({"type": "http.response.body", "body": b"", "more_body": False})
