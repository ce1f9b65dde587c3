"""One answer for one thing: HEAD is GET without the body, and a slash at a path's end makes no other path."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

KEPT_UNDER = ("/static/", "/docs/assets/")
"""Folders of files, whose names are the routes' own matter."""
NOT_BY_HEAD = frozenset({"/api/remove"})
"""GETs that are jobs: a HEAD, which link checkers send by themselves, must not pay for one."""


class Paths:
    """Passes `POST /path/` on as `POST /path`, without a redirect, and HEAD as GET.

    A redirect would name the address as this process sees it, which behind a proxy is often another one (`http://`),
    and callers would send their key there.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one ASGI request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = _without_slash(scope["path"])
        scope = {**scope, "path": path}
        if scope["method"] == "HEAD" and path.removeprefix(scope.get("root_path", "")) not in NOT_BY_HEAD:
            headless = _Headless(receive, send)
            await self._app({**scope, "method": "GET"}, headless.receive, headless.send)
        else:
            await self._app(scope, receive, send)


class _Headless:
    """Sends the head of an answer; to the app its caller has then hung up, so that a stream ends."""

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


def _without_slash(path: str) -> str:
    """A path without one slash at its end; `/` and folders of files stay, and so does what is no path of ours, `//`."""
    kept = path == "/" or path.endswith("//") or path.startswith(KEPT_UNDER)
    return path if kept else path.removesuffix("/")
