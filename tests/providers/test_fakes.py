"""The fakes keep to the providers' documented manners, so that a backend that works with them has learnt something."""

import base64
import hashlib
import hmac
import io
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from cutout.models.registry import load_registry
from tests.providers.configuration import marked
from tests.providers.cutting import encoded
from tests.providers.kie import FakeKie
from tests.providers.network import CONFIGS, cutting
from tests.providers.runware import FakeRunware
from tests.providers.serving import Served
from tests.support.patience import HANG_S
from tests.support.remote_backends import scene

pytestmark = pytest.mark.anyio
PNG = encoded(Image.fromarray(scene()))
BASE64 = base64.b64encode(PNG).decode()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A caller with a key."""
    async with httpx.AsyncClient(headers={"Authorization": "Bearer k"}, timeout=HANG_S, trust_env=False) as caller:
        yield caller


def task(**fields: Any) -> dict[str, Any]:
    """A task as Runware's pages show it."""
    common = {"taskType": "removeBackground", "taskUUID": str(uuid.uuid4()), "model": "runware:112@10"}
    return common | {"inputs": {"image": BASE64}} | fields


async def test_runware_takes_arrays_only(client: httpx.AsyncClient) -> None:
    """A task that is not in an array is refused, as is a caller without a key."""
    with Served(FakeRunware().app) as server:
        lone = await client.post(f"{server.url}/v1", json=task())
        keyless = await client.post(f"{server.url}/v1", json=[task()], headers={"Authorization": ""})
        in_body = await client.post(
            f"{server.url}/v1",
            json=[{"taskType": "authentication", "apiKey": "k"}, task()],
            headers={"Authorization": ""},
        )

    assert [reply.status_code for reply in (lone, keyless, in_body)] == [400, 401, 200]


async def test_runware_answers_jpg_by_address_unless_told_otherwise(client: httpx.AsyncClient) -> None:
    """A client that forgets outputFormat and outputType gets the address of a JPEG, and no cost."""
    with Served(FakeRunware().app) as server:
        told = task()
        (item,) = (await client.post(f"{server.url}/v1", json=[told])).json()["data"]
        image = await client.get(item["imageURL"])

    assert (item["taskUUID"], item["taskType"], "cost" in item) == (told["taskUUID"], "removeBackground", False)
    assert Image.open(io.BytesIO(image.content)).format == "JPEG"


async def test_runware_keeps_its_old_names_behind_a_switch(client: httpx.AsyncClient) -> None:
    """`imageBackgroundRemoval` with `inputImage` works only where the fake is told so; an id is taken once."""
    old = task(taskType="imageBackgroundRemoval", inputImage=BASE64)
    del old["inputs"]
    codes = []
    for legacy in (False, True, True):
        with Served(FakeRunware(legacy=legacy).app) as server:
            codes.append((await client.post(f"{server.url}/v1", json=[old])).status_code)
            repeated = await client.post(f"{server.url}/v1", json=[old])

    assert codes == [400, 200, 200]
    assert repeated.json()["errors"][0]["code"] == "conflictTaskUUID"


@pytest.mark.parametrize(("behaviour", "where"), [("good", "data"), ("item_error", "data"), ("entry_error", "errors")])
async def test_runware_async(behaviour: str, where: str, client: httpx.AsyncClient) -> None:
    """An acknowledgement, `processing`, then the result or one of the two forms of an error."""
    with Served(FakeRunware().app) as server:
        told = task(deliveryMethod="async", outputType="base64Data", outputFormat="PNG", model=f"fake:{behaviour}@1")
        ask = [{"taskType": "getResponse", "taskUUID": told["taskUUID"]}]
        replies = [(await client.post(f"{server.url}/v1", json=body)).json() for body in ([told], ask, ask)]

    assert replies[0]["data"][0].keys() == {"taskType", "taskUUID"}
    assert replies[1]["data"][0]["status"] == "processing"
    assert replies[2][where][0]["status"] == ("success" if behaviour == "good" else "error")


async def test_a_fake_is_told_what_to_do_by_http(client: httpx.AsyncClient) -> None:
    """POST /_script sets behaviours from outside, and /_calls says what came."""
    with Served(FakeRunware().app) as server:
        await client.post(f"{server.url}/_script", json={"once": {"task": ["busy"]}, "latency_s": 0.01})
        codes = [(await client.post(f"{server.url}/v1", json=[task()])).status_code for _ in range(2)]
        calls = (await client.get(f"{server.url}/_calls")).json()

    assert codes == [429, 200]
    assert [call["behaviour"] for call in calls] == ["busy", "good"]


async def test_kie_wants_a_name_an_address_and_fair_sizes(client: httpx.AsyncClient) -> None:
    """No User-Agent is stopped at the edge, a data URI is 422 within HTTP 200, a picture too small fails its task."""
    fake = FakeKie()
    small = encoded(Image.fromarray(scene(100, 100)))
    with Served(fake.api) as api, Served(fake.files) as files:
        fake.files_url = files.url
        create = f"{api.url}/api/v1/jobs/createTask"
        nameless = await client.post(create, json={}, headers={"User-Agent": ""})
        inline = await client.post(create, json={"model": "m", "input": {"image": f"data:image/png;base64,{BASE64}"}})
        source = await client.post(
            f"{files.url}/api/file-stream-upload", files={"file": small}, data={"uploadPath": "a"}
        )
        made = await client.post(create, json={"model": "m", "input": {"image": source.json()["data"]["downloadUrl"]}})
        params = {"taskId": made.json()["data"]["taskId"]}
        record: dict[str, Any] = {}
        while record.get("state") not in ("success", "fail"):
            record = (await client.get(f"{api.url}/api/v1/jobs/recordInfo", params=params)).json()["data"]

    assert (nameless.status_code, nameless.text) == (403, "error code: 1010")
    assert (inline.status_code, inline.json()["code"]) == (200, 422)
    assert (record["state"], record["failCode"]) == ("fail", "501")


async def test_kie_signs_its_callback(client: httpx.AsyncClient) -> None:
    """The signature covers the task's id and the time, by the account's secret."""
    heard: list[tuple[Any, Any]] = []

    async def listen(request: Request) -> Response:
        heard.append((request.headers, (await request.json())["data"]))
        return Response()

    fake = FakeKie(hmac_key="secret")
    with (
        Served(fake.api) as api,
        Served(fake.files) as files,
        Served(Starlette(routes=[Route("/", listen, methods=["POST"])])) as hook,
    ):
        fake.files_url = files.url
        upload = {"base64Data": BASE64, "uploadPath": "a", "fileName": "b.png"}
        source = (await client.post(f"{files.url}/api/file-base64-upload", json=upload)).json()["data"]["downloadUrl"]
        body = {"model": "m", "input": {"image": source}, "callBackUrl": hook.url}
        made = await client.post(f"{api.url}/api/v1/jobs/createTask", json=body)
        while not heard:
            await client.get(f"{api.url}/api/v1/chat/credit")

    headers, record = heard[0]
    task_id = made.json()["data"]["taskId"]
    expected = hmac.digest(b"secret", f"{task_id}.{headers['x-webhook-timestamp']}".encode(), hashlib.sha256)
    assert headers["x-webhook-signature"] == base64.b64encode(expected).decode()
    assert (record["taskId"], record["state"]) == (task_id, "success")


def test_all_fakes_run_in_the_foreground_until_they_are_told_to_stop() -> None:
    """`python -m tests.providers` prints what to export, answers, and ends with 0 at SIGTERM."""
    ports = ["--runware-port", "--kie-port", "--kie-files-port", "--picture-api-port", "--leonardo-port"]
    program = [sys.executable, "-m", "tests.providers", *(part for port in ports for part in (port, "0"))]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True, cwd=os.getcwd()) as fakes:
        assert fakes.stdout is not None
        exports = [fakes.stdout.readline() for _ in range(2)]
        runware = exports[0].split("RUNWARE_BASE_URL=")[1].split()[0]
        refusal = httpx.post(runware, json={}, timeout=HANG_S, trust_env=False)
        fakes.send_signal(signal.SIGTERM)

        assert (fakes.wait(HANG_S), refusal.status_code) == (0, 400)
    assert "KIE_UPLOAD_URL=http://127.0.0.1:" in exports[1]


def test_stand_ins_say_so_in_their_names(tmp_path: Path) -> None:
    """The configuration for a demonstration marks the models of providers, and changes nothing else."""
    given, made = load_registry(CONFIGS), load_registry(marked(CONFIGS, tmp_path))
    named = {name: (spec.name, made.models[name].name) for name, spec in given.models.items()}

    assert made.service == given.service
    for name, (before, after) in named.items():
        assert after == (before if given.models[name].local else f"{before} (stand-in)")


def test_stand_ins_cut_by_a_network() -> None:
    """Every model's cutout has a clear background, an opaque subject, and an edge of its own."""
    cut, photo = cutting(), (CONFIGS.parent / "tests" / "photos" / "astronaut.jpg").read_bytes()
    cutouts = [cut(photo, model) for model in ("runware:110@1", "runware:112@10", "")]
    alphas = [np.asarray(one)[..., 3] for one in cutouts]

    for alpha in alphas:
        assert alpha.shape == (512, 512)
        assert alpha[40, 330] < 30
        assert alpha[120, 225] > 225
    assert len({alpha.tobytes() for alpha in alphas}) == 3
