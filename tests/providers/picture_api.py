"""A fake of the APIs that take a picture and give a picture back, in three dialects, each at its own path.

Stage `picture`: good, jpg, html, hang, dropped, bad_gateway, no_field (JSON without the picture), data_uri, no_cost;
    a number is an error of that status; busy_N: 429 with Retry-After: N; an address: 307 to it.
"""

import asyncio
import base64
import time
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.providers.cutting import Cut, cutout, encoded, facts, shrunk
from tests.providers.script import BrokenOff, Script, hang, html

PREVIEW_PX = 250_000


@dataclass(frozen=True)
class Dialect:
    """What an API calls things."""

    field: str
    """The picture in a multipart body; in JSON it is `field` + `json_suffix`, in base64."""
    json_suffix: str
    reply: tuple[str, ...]
    """Where the picture is in a JSON reply."""
    preview: bool = False
    """Whether a call without `size` gets a small result."""


DIALECTS = {
    "/v1.0/removebg": Dialect("image_file", "_b64", ("data", "result_b64"), preview=True),
    "/v1/segment": Dialect("image_file", "", ("base64img",)),
    "/v1.0/image-without-background": Dialect("image", "", ("image",)),
}
"""remove.bg, Photoroom and withoutBG."""


class FakePictureApi:
    """Any key is good but `wrong`."""

    def __init__(self, latency_s: float = 0.0) -> None:
        self.script = Script(latency_s)
        self.hostile: bytes | None = None
        """What it answers in the place of a cutout."""
        self.cut: Cut = cutout
        """What cuts pictures out."""
        routes = [Route(path, self._cut, methods=["POST"]) for path in DIALECTS]
        self.app = Starlette(routes=[*routes, *self.script.routes()])

    async def _cut(self, request: Request) -> Response:
        dialect = DIALECTS[request.url.path]
        source, fields = await _sent(request, dialect)
        behaviour = self.script.turn("picture", request, fields=fields, **facts(source))
        if request.headers.get("x-api-key", "wrong") == "wrong":
            return _failure(403, "auth_failed", "API Key invalid")
        if not source:
            return _failure(400, "missing_source", f"{dialect.field} is expected")
        refusal = await _refused(behaviour)
        if refusal:
            return refusal
        small = dialect.preview and fields.get("size", "preview") == "preview"
        kind = "jpeg" if behaviour == "jpg" or fields.get("format") == "jpg" else "png"
        data, _ = await asyncio.gather(
            asyncio.to_thread(self._result, source, small, kind), self.script.takes(time.monotonic())
        )
        data = self.hostile or data
        cost = {} if behaviour == "no_cost" else {"X-Credits-Charged": "0.25" if small else "1"}
        if behaviour == "dropped":
            return BrokenOff(data, headers=cost, media_type=f"image/{kind}")
        if request.headers.get("accept") != "application/json":
            return Response(data, headers=cost, media_type=f"image/{kind}")
        body: Any = "" if behaviour == "no_field" else base64.b64encode(data).decode()
        body = f"data:image/{kind};base64,{body}" if behaviour == "data_uri" else body
        for name in reversed(dialect.reply):
            body = {name: body} if body else {}
        return JSONResponse(body, headers=cost)

    def _result(self, source: bytes, small: bool, kind: str) -> bytes:
        picture = self.cut(source, "")
        return encoded(shrunk(picture, PREVIEW_PX) if small else picture, kind)


async def _sent(request: Request, dialect: Dialect) -> tuple[bytes, dict[str, str]]:
    """The picture and the other fields of a multipart or JSON body."""
    if request.headers.get("content-type", "").startswith("application/json"):
        fields = await request.json()
        return base64.b64decode(fields.pop(dialect.field + dialect.json_suffix, "")), fields
    form = await request.form()
    file = form.get(dialect.field)
    source = b"" if file is None or isinstance(file, str) else await file.read()
    return source, {name: value for name, value in form.items() if isinstance(value, str)}


async def _refused(behaviour: str) -> Response | None:
    if behaviour.isdecimal():
        return _failure(int(behaviour), "unknown_foreground", "Could not identify foreground in image")
    if behaviour.startswith("busy_"):
        return _failure(429, "rate_limit_exceeded", "Rate limit exceeded", behaviour.removeprefix("busy_"))
    if behaviour in ("html", "bad_gateway"):
        return html(200 if behaviour == "html" else 502)
    if behaviour.startswith("http"):
        return RedirectResponse(behaviour)
    return await hang() if behaviour == "hang" else None


def _failure(status: int, code: str, title: str, retry_after: str | None = None) -> Response:
    headers = {"Retry-After": retry_after} if retry_after else None
    return JSONResponse({"errors": [{"title": title, "code": code}]}, status, headers)
