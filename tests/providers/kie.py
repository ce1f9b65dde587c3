"""A fake Kie.ai: an API host and a file host, each a server of its own, as on the pages of docs.kie.ai.

A behaviour is a number, which is an error of that code, or a word. Stages:
    upload   POST /api/file-stream-upload: good, 400, 500 …, hang
    create   createTask, by the script or by the model `fake/<behaviour>`: good, 401, 402, 422, 429, 455, 500 …, edge
             (403 as plain text), hang, truncated, dropped, bad_gateway, no_task; and for the life of the task:
             unknown_N (not known to the first N looks), stuck, empty (success without a result), object (`resultJson`
             already parsed), fail, fail_charged, missing (the result is gone), html and jpg (in the result's place)
    look     recordInfo: good, 429, 500, hang …
    result   the download: good, 404, 500, hang …
`errors_as` says whether an error comes as HTTP 200 with the code in the body, or as a true status as well.
"""

import asyncio
import base64
import hashlib
import hmac
import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from tests.providers.cutting import Cut, cutout, encoded, facts
from tests.providers.script import GOOD, BrokenOff, Script, hang, html
from tests.support.patience import HANG_S

TASKS, WINDOW_S = 20, 10.0
"""New tasks an account may create, and in how many seconds."""
MESSAGES = {401: "You do not have access permissions", 402: "Insufficient credits", 422: "Validation failed",
            429: "Too many requests", 455: "Maintenance", 505: "Feature disabled"}  # fmt: skip


@dataclass
class Task:
    """One job."""

    id: str
    body: dict[str, Any]
    behaviour: str
    created_s: float
    work: asyncio.Task[tuple[str, str]]
    looks: int = 0
    result: bytes = field(default=b"", repr=False)


class FakeKie:
    """Any key is good but `wrong`. Serve `api` and `files` on two ports, and tell `files_url` where `files` is."""

    def __init__(
        self, latency_s: float = 0.0, errors_as: Literal["body", "status"] = "body", hmac_key: str | None = None
    ) -> None:
        self.script = Script(latency_s)
        self.errors_as = errors_as
        self.files_url = ""
        self.hostile: bytes | None = None
        """What its results hold in the place of a cutout."""
        self.cut: Cut = cutout
        """What cuts pictures out."""
        self.result_url = ""
        """What it names in the place of its own address of a result, where it is hostile."""
        self._hmac_key = hmac_key
        self._files: dict[str, bytes] = {}
        self._tasks: dict[str, Task] = {}
        self._created_s: list[float] = []
        self.api = Starlette(
            routes=[
                Route("/api/v1/jobs/createTask", self._create, methods=["POST"]),
                Route("/api/v1/jobs/recordInfo", self._look),
                Route("/api/v1/chat/credit", self._credit),
                *self.script.routes(),
            ]
        )
        self.files = Starlette(
            routes=[
                Route("/api/file-stream-upload", self._upload, methods=["POST"]),
                Route("/api/file-base64-upload", self._upload_base64, methods=["POST"]),
                Route("/files/{path:path}", self._download),
            ]
        )

    async def _upload(self, request: Request) -> Response:
        form = await request.form()
        file, folder, name = form.get("file"), str(form.get("uploadPath", "")), str(form.get("fileName", ""))
        data = b"" if file is None or isinstance(file, str) else await file.read()
        return await self._stored(request, data, folder, name)

    async def _upload_base64(self, request: Request) -> Response:
        body = await request.json()
        data = base64.b64decode(body.get("base64Data", "").rpartition(",")[2])
        return await self._stored(request, data, body.get("uploadPath", ""), body.get("fileName", ""))

    async def _stored(self, request: Request, data: bytes, folder: str, name: str) -> Response:
        path = f"{folder}/{name or uuid.uuid4().hex}"
        behaviour = self.script.turn("upload", request, path=path, **facts(data))
        refusal = self._no_access(request) or await self._error(behaviour)
        if refusal or not data or not folder.strip("/") or folder != folder.strip("/"):
            return refusal or self._code(400, "file and uploadPath are expected, no slash at either end")
        self._files[path] = data  # an equal name overwrites
        described = {"fileName": name, "filePath": path, "downloadUrl": f"{self.files_url}/files/{path}"}
        more = {"fileSize": len(data), "mimeType": "image/png"}
        reply = {"success": True, "code": 200, "msg": "File uploaded successfully", "data": described | more}
        return JSONResponse(reply)

    async def _download(self, request: Request) -> Response:
        path = request.path_params["path"]
        behaviour = self.script.turn("result", request, path=path)
        if behaviour.isdecimal():
            return PlainTextResponse("no", int(behaviour))
        if behaviour == "hang":
            return await hang()
        if path not in self._files:
            return PlainTextResponse("expired", 404)
        return html() if self._files[path] == b"html" else Response(self._files[path], media_type="image/png")

    async def _create(self, request: Request) -> Response:
        body = await request.json()
        model, image = str(body.get("model", "")), str(body.get("input", {}).get("image", ""))
        wish = model.removeprefix("fake/") if model.startswith("fake/") else GOOD
        behaviour = self.script.turn("create", request, wish, model=model, image=image)
        refusal = self._no_access(request) or self._too_many() or await self._error(behaviour)
        if refusal:
            return refusal
        if not image.startswith(("http://", "https://")):
            return self._code(422, "input.image: an http(s) URL is expected")
        task_id = f"task_recraft_{uuid.uuid4().hex[:13]}"
        work = asyncio.create_task(self._work(task_id, image, behaviour, body.get("callBackUrl")))
        self._tasks[task_id] = Task(task_id, body, behaviour, time.monotonic(), work)
        self._created_s.append(time.monotonic())
        reply = JSONResponse({"code": 200, "msg": "success", "data": {"taskId": task_id}})
        if behaviour == "truncated":
            return Response(bytes(reply.body)[:-20], media_type="application/json")
        if behaviour == "dropped":
            return BrokenOff(reply.body, media_type="application/json")
        if behaviour == "no_task":
            return JSONResponse({"code": 200, "msg": "success", "data": {}})
        return html(502) if behaviour == "bad_gateway" else reply

    async def _look(self, request: Request) -> Response:
        task_id = request.query_params.get("taskId", "")
        behaviour = self.script.turn("look", request, task=task_id)
        refusal = self._no_access(request) or await self._error(behaviour)
        if refusal or not task_id:
            return refusal or self._code(400, "taskId is expected")
        task = self._tasks.get(task_id)
        if task:
            task.looks += 1
        unknown = int(task.behaviour.removeprefix("unknown_")) if task and task.behaviour.startswith("unknown_") else 0
        if task is None or task.looks <= unknown:
            return self._code(422, "recordInfo is null")
        return JSONResponse({"code": 200, "msg": "success", "data": self._record(task)})

    async def _credit(self, request: Request) -> Response:
        return self._no_access(request) or JSONResponse({"code": 200, "msg": "success", "data": 100.5})

    async def _work(self, task_id: str, image: str, behaviour: str, callback: str | None) -> tuple[str, str]:
        """The address of the result, and the reason of a failure; one of the two is empty."""
        source = self._files.get(image.removeprefix(f"{self.files_url}/files/"), b"")
        reason = "The model broke." if behaviour.startswith("fail") else _limits_fault(source)
        path = f"results/{task_id}.png"
        if not reason and behaviour != "missing":
            kind = "jpeg" if behaviour == "jpg" else "png"
            made = b"html" if behaviour == "html" else await asyncio.to_thread(self._result, source, kind)
            self._files[path] = self.hostile or made
        await self.script.takes(self._tasks[task_id].created_s)
        if behaviour == "stuck":
            await hang()
        if callback:
            asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self._call_back(task_id, callback)))
        return ("", reason) if reason else (self.result_url or f"{self.files_url}/files/{path}", "")

    async def _call_back(self, task_id: str, url: str) -> None:
        stamp = str(int(time.time()))
        headers = {"X-Webhook-Timestamp": stamp}
        if self._hmac_key:
            digest = hmac.digest(self._hmac_key.encode(), f"{task_id}.{stamp}".encode(), hashlib.sha256)
            headers["X-Webhook-Signature"] = base64.b64encode(digest).decode()
        body = {"code": 200, "msg": "success", "data": self._record(self._tasks[task_id])}
        async with httpx.AsyncClient(timeout=HANG_S, trust_env=False) as client:
            await client.post(url, json=body, headers=headers)

    def _record(self, task: Task) -> dict[str, Any]:
        """`data` of recordInfo: the states follow each other in the time that a picture takes."""
        passed = (time.monotonic() - task.created_s) / max(self.script.latency_s, 1e-9)
        states = ("waiting", "queuing", "generating")
        record: dict[str, Any] = {
            "taskId": task.id, "model": task.body["model"], "param": json.dumps(task.body), "resultJson": None,
            "state": states[min(2, int(passed * 3))], "failCode": "", "failMsg": "", "creditsConsumed": None,
        }  # fmt: skip
        if not task.work.done():
            return record
        url, reason = task.work.result()
        if reason:
            charged = 1 if task.behaviour == "fail_charged" else None
            return record | {"state": "fail", "failCode": "501", "failMsg": reason, "creditsConsumed": charged}
        result = {"resultUrls": [] if task.behaviour == "empty" else [url]}
        parsed = result if task.behaviour == "object" else json.dumps(result)
        return record | {"state": "success", "resultJson": parsed, "creditsConsumed": 1, "costTime": 3000}

    def _no_access(self, request: Request) -> Response | None:
        if not request.headers.get("user-agent"):
            return PlainTextResponse("error code: 1010", 403)
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        return self._code(401) if key in ("", "wrong") else None

    def _result(self, source: bytes, kind: str) -> bytes:
        return encoded(self.cut(source, ""), kind)

    def _too_many(self) -> Response | None:
        self._created_s = [at for at in self._created_s if time.monotonic() - at < WINDOW_S]
        return self._code(429) if len(self._created_s) >= TASKS else None

    async def _error(self, behaviour: str) -> Response | None:
        if behaviour.isdecimal():
            return self._code(int(behaviour))
        if behaviour == "edge":
            return PlainTextResponse("error code: 1010", 403)
        return await hang() if behaviour == "hang" else None

    def _code(self, code: int, message: str | None = None) -> Response:
        """An error as Kie.ai gives it: `code` in the body, and in the status only where the fake is told so."""
        body = {"code": code, "msg": message or MESSAGES.get(code, "error"), "data": None}
        return JSONResponse(body, code if self.errors_as == "status" else 200)


def _limits_fault(source: bytes) -> str:
    """Why recraft/remove-background would not take a picture; empty when it would."""
    if not source:
        return "The image could not be fetched."
    width, height = facts(source)["size"]
    good = len(source) <= 5 * 1024 * 1024 and width * height <= 16_000_000
    good = good and max(width, height) <= 4096 and min(width, height) >= 256
    return "" if good else "At most 5 MB, 16 MP, sides of 256 to 4096 px are accepted."
