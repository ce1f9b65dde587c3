"""A fake Runware: POST /v1 takes an array of tasks, as on the REST pages of runware.ai.

Stage `task` (a task of removeBackground), chosen by the script or by the AIR `fake:<behaviour>@1`:
    good, no_cost, jpg, smaller, other_shape, html_inside, no_image, mixed, slow_queue (async only: one poll more);
    code:CODE (that error with status 200), item_error (an error within `data`), entry_error (an entry of `errors`
    with status 200), single_error (one beside the task);
    taken (503, though the task was taken: a second one with its id is a conflict);
    any key of ERRORS: the reply as a whole, with that status; busy_N: 429 with Retry-After: N;
    echo_key: 400 whose message repeats the caller's key; hang, truncated, dropped, html, bad_gateway, edge_timeout.
    With `deliveryMethod: async` item_error and entry_error come with getResponse.
Stage `image` (the download of a result's URL): good, missing, html.
"""

import asyncio
import base64
import binascii
import re
import time
import uuid
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.providers.cutting import Cut, cutout, encoded, facts, shrunk
from tests.providers.script import GOOD, BrokenOff, Script, hang, html

PRICE_USD = 0.0006
ERRORS = {
    "bad_request": (400, "invalidInputImage", "The image could not be read."),
    "retired": (400, "invalidModel", "The model is not available any more."),
    "gone": (404, "modelNotFound", "There is no such model."),
    "no_credit": (402, "insufficientCredits", "The balance is too low."),
    "no_permission": (403, "forbidden", "The key may not do this."),
    "blocked": (400, "contentPolicyViolation", "The content is not allowed."),
    "busy": (429, "rateLimitExceeded", "The queue is full."),
    "broken": (500, "internalServerError", "Something broke."),
    "unavailable": (503, "noAvailableServer", "No server is free."),
    "queue_timeout": (504, "timeoutProvider", "The longest wait has passed."),
}  # fmt: skip
BROKEN = {"code": "inferenceError", "message": "The model broke."}
LEGACY_NAME = "imageBackgroundRemoval"


class Whole(Exception):
    """An answer in the place of all tasks' items."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status_code)
        self.response = response


class FakeRunware:
    """Any key is good but `wrong`. Tasks are remembered, so that a taskUUID is taken once."""

    def __init__(self, latency_s: float = 0.0, legacy: bool = False) -> None:
        """`legacy` accepts the old task name and the old place of the image."""
        self.script = Script(latency_s)
        self.hostile: bytes | None = None
        """What it answers in the place of a cutout."""
        self.cut: Cut = cutout
        """What cuts pictures out."""
        self.app = Starlette(
            routes=[
                Route("/v1", self._tasks, methods=["POST"]),
                Route("/image/{name}", self._image),
                *self.script.routes(),
            ]
        )
        self._legacy = legacy
        self._images: dict[str, bytes] = {}
        self._started: dict[str, tuple[dict[str, Any], str]] = {}
        self._polls: dict[str, int] = {}

    async def _tasks(self, request: Request) -> Response:
        tasks = await request.json()
        if not isinstance(tasks, list):
            return _failure(400, "invalidRequest", "An array of tasks is expected.")
        if tasks and tasks[0].get("taskType") == "authentication":
            key, tasks = tasks[0].get("apiKey", ""), tasks[1:]
        else:
            key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if key in ("", "wrong"):
            return _failure(401, "invalidApiKey", "API key not valid.", parameter="apiKey", taskType="authentication")
        try:
            items = [await self._answer(task, request, key) for task in tasks]
        except Whole as whole:
            return whole.response
        lists = {"data": [i for i in items if "code" not in i], "errors": [i for i in items if "code" in i]}
        return JSONResponse({name: found for name, found in lists.items() if found})

    async def _answer(self, task: dict[str, Any], request: Request, key: str) -> dict[str, Any]:
        """A task's item of `data` or, with a code, of `errors`."""
        if task.get("taskType") == "getResponse":
            return self._poll(task)
        task["host"] = str(request.base_url)
        source, field = _image_of(task)
        told = {
            "task": task.get("taskUUID"),
            "model": task.get("model"),
            "field": field,
            "cost": task.get("includeCost"),
        }
        wish = re.fullmatch(r"fake:(\w+)@1", str(task.get("model")))
        behaviour = self.script.turn("task", request, wish[1] if wish else GOOD, **told, **facts(source))
        fault = self._form_fault(task)
        if fault:
            raise Whole(_failure(400, *fault, taskUUID=str(task.get("taskUUID"))))
        await _refuse(behaviour, task, key)
        item = await self._worked(task, source, behaviour)
        self._started[task["taskUUID"]] = (item, behaviour) if task.get("deliveryMethod") == "async" else ({}, GOOD)
        if behaviour == "taken":
            raise Whole(_failure(*ERRORS["unavailable"]))
        if task.get("deliveryMethod") != "async":
            return _delivered(item, behaviour)
        self._polls[task["taskUUID"]] = 2 if behaviour == "slow_queue" else 1
        return {"taskType": task["taskType"], "taskUUID": task["taskUUID"]}

    def _form_fault(self, task: dict[str, Any]) -> tuple[str, str] | None:
        names = ("removeBackground", LEGACY_NAME) if self._legacy else ("removeBackground",)
        places = ("inputs.image", "inputImage") if self._legacy else ("inputs.image",)
        checks = {
            ("invalidTaskType", "The task type is not known."): task.get("taskType") in names,
            ("invalidTaskUUID", "A UUID v4 is expected."): _is_uuid4(task.get("taskUUID")),
            ("conflictTaskUUID", "The task UUID was used before."): task.get("taskUUID") not in self._started,
            ("missingModel", "A model is expected."): bool(task.get("model")),
            ("missingInputs", "inputs.image is expected."): _image_of(task)[1] in places,
        }
        return next((fault for fault, good in checks.items() if not good), None)

    async def _worked(self, task: dict[str, Any], source: bytes, behaviour: str) -> dict[str, Any]:
        done, _ = await asyncio.gather(
            asyncio.to_thread(self._result, task, source, behaviour), self.script.takes(time.monotonic())
        )
        cost = {"cost": PRICE_USD} if task.get("includeCost") and behaviour != "no_cost" else {}
        common = {"taskType": task["taskType"], "taskUUID": task["taskUUID"], "imageUUID": str(uuid.uuid4())}
        return common | done | cost

    def _result(self, task: dict[str, Any], source: bytes, behaviour: str) -> dict[str, str]:
        picture = self.cut(source, str(task["model"]))
        if behaviour == "smaller":
            picture = shrunk(picture, picture.width * picture.height // 4)
        if behaviour == "other_shape":
            picture = picture.crop((0, 0, picture.width, picture.height // 2))
        # JPG is the default, and loses the alpha: it catches a client that forgets to ask for PNG.
        asked = "JPG" if behaviour == "jpg" else task.get("outputFormat", "JPG")
        kind = {"PNG": "png", "WEBP": "webp"}.get(asked, "jpeg")
        data = b"<html>no picture</html>" if behaviour == "html_inside" else encoded(picture, kind)
        data = self.hostile or data
        if behaviour == "no_image":
            return {}
        if task.get("outputType") == "base64Data":
            return {"imageBase64Data": base64.b64encode(data).decode()}
        if task.get("outputType") == "dataURI":
            return {"imageDataURI": f"data:image/{kind};base64,{base64.b64encode(data).decode()}"}
        name = f"{uuid.uuid4()}.{kind}"
        self._images[name] = data
        return {"imageURL": f"{task['host']}image/{name}"}

    def _poll(self, task: dict[str, Any]) -> dict[str, Any]:
        own = {"taskUUID": task["taskUUID"]}
        if task["taskUUID"] not in self._polls:
            return own | {"code": "taskFailedOrNotFound", "message": "There is no such task.", "status": "error"}
        item, behaviour = self._started[task["taskUUID"]]
        self._polls[task["taskUUID"]] -= 1
        if self._polls[task["taskUUID"]] >= 0:
            return own | {"taskType": item["taskType"], "status": "processing", "progress": 50}
        if behaviour == "item_error":
            return own | {"status": "error", "error": BROKEN}
        return own | BROKEN | {"status": "error"} if behaviour == "entry_error" else item | {"status": "success"}

    async def _image(self, request: Request) -> Response:
        behaviour = self.script.turn("image", request)
        name = request.path_params["name"]
        if behaviour == "html":
            return html()
        if behaviour == "missing" or name not in self._images:
            return Response("not found", 404)
        return Response(self._images[name], media_type=f"image/{name.rpartition('.')[2]}")


async def _refuse(behaviour: str, task: dict[str, Any], key: str) -> None:
    """Answer in the place of any work, where the script says so."""
    if behaviour == "hang":
        raise Whole(await hang())
    if behaviour == "echo_key":
        raise Whole(_failure(400, "invalidRequest", f"The key {key} sent nonsense."))
    if behaviour.startswith("busy_"):
        raise Whole(_failure(*ERRORS["busy"], headers={"Retry-After": behaviour.removeprefix("busy_")}))
    if behaviour in ERRORS:
        raise Whole(_failure(*ERRORS[behaviour], taskUUID=task["taskUUID"]))


def _delivered(item: dict[str, Any], behaviour: str) -> dict[str, Any]:
    """A finished task's item; in bad shape where the script says so."""
    own = {"taskUUID": item["taskUUID"]}
    if behaviour.startswith("code:"):
        fault = {"code": behaviour.removeprefix("code:"), "message": "So it is."}
        raise Whole(JSONResponse({"errors": [fault | own]}))
    other = {"taskType": "removeBackground", "taskUUID": str(uuid.uuid4())}
    shapes = {
        "item_error": {"data": [{"status": "error", "error": BROKEN} | own]},
        "entry_error": {"errors": [{"status": "error"} | BROKEN | own]},
        "single_error": {"error": BROKEN} | own,
        "mixed": {"data": [other | {"imageBase64Data": "AAAA", "cost": 9.0}, item], "errors": [BROKEN | other]},
    }
    whole = JSONResponse(shapes.get(behaviour, {"data": [item]}))
    strange = {"html": 200, "bad_gateway": 502, "edge_timeout": 504}
    if behaviour == "truncated":
        raise Whole(Response(bytes(whole.body)[:-40], media_type="application/json"))
    if behaviour == "dropped":
        raise Whole(BrokenOff(whole.body, media_type="application/json"))
    if behaviour in strange:
        raise Whole(html(strange[behaviour]))
    if behaviour in shapes:
        raise Whole(whole)
    return item


def _failure(status: int, code: str, message: str, headers: dict[str, str] | None = None, **more: str) -> Response:
    return JSONResponse({"errors": [{"code": code, "message": message, **more}]}, status, headers)


def _image_of(task: dict[str, Any]) -> tuple[bytes, str]:
    """The picture sent, from a data URI or bare base64, and the field it was in."""
    inputs, field = task.get("inputs"), "inputImage"
    text = task.get(field, "")
    if isinstance(inputs, dict) and "image" in inputs:
        text, field = inputs["image"], "inputs.image"
    try:
        return base64.b64decode(text.rpartition(",")[2], validate=True), field if text else ""
    except binascii.Error:
        return b"", ""


def _is_uuid4(text: object) -> bool:
    try:
        return uuid.UUID(str(text)).version == 4
    except ValueError:
        return False
