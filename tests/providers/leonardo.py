"""A fake Leonardo.Ai: POST /api/rest/v2/generationssync, as docs.leonardo.ai describes it for `remove-bg`.

Stage `generate`: good, no_cost, credits (a cost in API credits), jpg, blocked (withheld by moderation), no_picture;
    gave_up: the error after 27 s, which also comes when `latency_s` is longer;
    a number: an error with status 200 and that `extensions.statusCode`; code:CODE: one with a code alone;
    status_N: that HTTP status with the error's other form; hang, truncated, dropped, html, bad_gateway.
Stage `result` (the download of a result's address): good, expired, missing, html, hang.
"""

import asyncio
import base64
import binascii
import time
import uuid
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.providers.cutting import Cut, cutout, encoded, facts, shrunk
from tests.providers.script import BrokenOff, Script, hang, html

PRICE_USD = 0.1047
GIVES_UP_S = 27.0
PREVIEW_PX, PNG_PX = 250_000, 10_000_000
IN_BYTES, OUT_BYTES = 7_500_000, 7_450_000
PARAMETERS = {
    "roi", "crop", "size", "type", "scale", "format", "bg_color", "channels", "position", "quantity", "guidances",
    "type_level", "crop_margin", "shadow_type", "shadow_opacity", "semitransparency",
}  # fmt: skip
KINDS = {"png": "png", "webp": "webp", "jpg": "jpeg"}


class FakeLeonardo:
    """Any key is good but `wrong`."""

    def __init__(self, latency_s: float = 0.0) -> None:
        self.script = Script(latency_s)
        self.hostile: bytes | None = None
        """What it answers in the place of a cutout."""
        self.cut: Cut = cutout
        """What cuts pictures out."""
        self.kept = 0
        """Pictures that were sent without `ephemeral`, and stay in the account's library."""
        self._files: dict[str, bytes] = {}
        self.app = Starlette(
            routes=[
                Route("/api/rest/v2/generationssync", self._generate, methods=["POST"]),
                Route("/results/{name}", self._result),
                *self.script.routes(),
            ]
        )

    async def _generate(self, request: Request) -> Response:
        body = await _json(request)
        source = _source(body)
        parameters = body.get("parameters", {})
        told = {"asked": parameters.get("format"), "ephemeral": body.get("ephemeral")}
        behaviour = self.script.turn("generate", request, **told, **facts(source))
        if request.headers.get("authorization") in (None, "Bearer wrong"):
            return _hook(401, "Authentication hook unauthorized this request", "access-denied")
        fault = _fault(body, source)
        if fault:
            return _errors(fault, 400, "BAD_REQUEST")
        self.kept += not body.get("ephemeral")
        return await _refused(behaviour) or await self._made(request, body, source, behaviour)

    async def _made(self, request: Request, body: dict[str, Any], source: bytes, behaviour: str) -> Response:
        if self.script.latency_s > GIVES_UP_S:
            return _gave_up()
        kind = "jpeg" if behaviour == "jpg" else KINDS[body["parameters"].get("format", "png")]
        most_px = PREVIEW_PX if body["parameters"].get("size") == "preview" else PNG_PX if kind == "png" else None
        data, _ = await asyncio.gather(
            asyncio.to_thread(self._file, source, kind, most_px), self.script.takes(time.monotonic())
        )
        data = self.hostile or data
        if body.get("base64") and len(data) > OUT_BYTES:
            return _errors("The encoded payload exceeds the response size limit", 413, "PAYLOAD_TOO_LARGE")
        found: dict[str, Any] = {"contentType": f"image/{kind}"}
        if behaviour != "no_picture":
            found |= self._inline(data) if body.get("base64") else self._stored(request, data)
        blocked = behaviour == "blocked"
        unit = "CREDITS" if behaviour == "credits" else "DOLLARS"
        cost = {} if behaviour == "no_cost" else {"cost": {"amount": str(PRICE_USD), "unit": unit}}
        answer = {"id": str(uuid.uuid4()), "blockedCount": int(blocked), "results": [] if blocked else [found]}
        whole = JSONResponse(answer | cost)
        if behaviour == "dropped":
            return BrokenOff(whole.body, media_type="application/json")
        return Response(bytes(whole.body)[:-20]) if behaviour == "truncated" else whole

    def _inline(self, data: bytes) -> dict[str, str]:
        return {"dataB64": base64.b64encode(data).decode()}

    def _stored(self, request: Request, data: bytes) -> dict[str, str]:
        """An address that is good for 30 minutes."""
        name = uuid.uuid4().hex
        self._files[name] = data
        return {"url": f"{request.base_url}results/{name}?X-Amz-Expires=1800"}

    def _file(self, source: bytes, kind: str, most_px: int | None) -> bytes:
        picture = self.cut(source, "")
        return encoded(shrunk(picture, most_px) if most_px else picture, kind)

    async def _result(self, request: Request) -> Response:
        behaviour = self.script.turn("result", request)
        if behaviour == "hang":
            return await hang()
        if behaviour in ("expired", "missing"):
            return Response("<Error/>", 403 if behaviour == "expired" else 404, media_type="application/xml")
        return html() if behaviour == "html" else Response(self._files[request.path_params["name"]])


async def _json(request: Request) -> dict[str, Any]:
    if not request.headers.get("content-type", "").startswith("application/json"):
        return {}
    body: dict[str, Any] = await request.json()
    return body


def _source(body: dict[str, Any]) -> bytes:
    """The picture that was sent as BASE64, without a data URI before it."""
    try:
        image = body["parameters"]["guidances"]["image_reference"][0]["image"]
        return base64.b64decode(image["data"], validate=True) if image["type"] == "BASE64" else b""
    except (KeyError, IndexError, TypeError, binascii.Error):
        return b""


def _fault(body: dict[str, Any], source: bytes) -> str | None:
    """What is wrong with a request."""
    parameters = body.get("parameters", {})
    checks = {
        "model must be remove-bg": body.get("model") == "remove-bg",
        f"unknown parameters: {sorted(parameters.keys() - PARAMETERS)}": parameters.keys() <= PARAMETERS,
        "guidances.image_reference: one image expected": bool(source),
        "guidances.image_reference: the image is too large": len(source) <= IN_BYTES,
        "format must be png, jpg or webp": parameters.get("format", "png") in KINDS,
        "size is not known": parameters.get("size", "full") in ("auto", "preview", "full", "50MP"),
    }
    return next((text for text, is_good in checks.items() if not is_good), None)


async def _refused(behaviour: str) -> Response | None:
    if behaviour.isdecimal():
        return _errors("So it is", int(behaviour), "CODE")
    if behaviour.startswith("code:"):
        return _errors("So it is", None, behaviour.removeprefix("code:"))
    if behaviour.startswith("status_"):
        return _hook(int(behaviour.removeprefix("status_")), "So it is", "unexpected")
    if behaviour == "gave_up":
        return _gave_up()
    if behaviour in ("html", "bad_gateway"):
        return html(200 if behaviour == "html" else 502)
    return await hang() if behaviour == "hang" else None


def _errors(message: str, status: int | None, code: str) -> Response:
    """An error as most come: with HTTP status 200."""
    extensions = {"code": code} | ({} if status is None else {"statusCode": status})
    return JSONResponse({"errors": [{"message": message, "extensions": extensions}]})


def _gave_up() -> Response:
    return _errors("The generation timed out", 504, "GATEWAY_TIMEOUT")


def _hook(status: int, error: str, code: str) -> Response:
    """An error of the gateway before the API."""
    return JSONResponse({"error": error, "path": "$", "code": code}, status)
