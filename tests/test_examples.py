"""docs/examples: the shop's receiver and n8n's workflow, as they are, against a service."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from benchmarks.processes import free_port
from cutout.service import JobsSpec
from tests.support.durable_jobs import WEBHOOK, picture
from tests.support.in_process import model, registry
from tests.support.loopback_service import running
from tests.support.patience import HANG_S

EXAMPLES = Path(__file__).parents[1] / "docs" / "examples"
PHOTOS = Path(__file__).parent / "photos"
HERE = "http://localhost:8000"
SECRET = "a secret of 24 bytes or more"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a service with two models, which sends webhooks to this machine."""
    found = registry(model("first"), model("second"))
    service = found.service.model_copy(update={"jobs": JobsSpec(webhook=WEBHOOK)})
    with running(tmp_path_factory.mktemp("service"), found.model_copy(update={"service": service})) as up:
        yield up.url


def test_a_shop_gets_its_cutouts(address: str, tmp_path: Path) -> None:
    """Each product's cutout is stored under its name, by a webhook of the service; what is not signed is refused."""
    (tmp_path / "photos").mkdir()
    for product, shade in (("mug", 90), ("rocket", 200)):
        (tmp_path / "photos" / f"{product}.jpg").write_bytes(picture(shade))
    port = free_port()
    program = [sys.executable, str(EXAMPLES / "shop_receiver.py"), address, "photos", "cutouts", str(port)]
    environment = os.environ | {"WEBHOOK_SECRET": SECRET, "PYTHONPATH": str(EXAMPLES.parents[1])}
    with subprocess.Popen(program, cwd=tmp_path, env=environment, stdout=subprocess.PIPE) as receiver:
        try:
            assert receiver.stdout
            told = [json.loads(receiver.stdout.readline()) for _ in range(2)]
            told_nothing = {"event": "job_completed"}
            forged = httpx.post(f"http://127.0.0.1:{port}/", json=told_nothing, trust_env=False, timeout=HANG_S)
        finally:
            receiver.terminate()

    assert {one["product"]: one["event"] for one in told} == {"mug": "job_completed", "rocket": "job_completed"}
    for product in ("mug", "rocket"):
        with Image.open(tmp_path / "cutouts" / f"{product}.png") as cutout:
            assert cutout.mode == "RGBA"
    assert forged.status_code == 400


def n8n_request(node: dict[str, Any], url: str, binary: dict[str, bytes]) -> httpx.Request:
    """The request that version 4.2 of n8n's HTTP Request node makes by its parameters, as its documentation says."""
    given = node["parameters"]
    assert (given["contentType"], given["sendHeaders"], given["sendBody"]) == ("multipart-form-data", True, True)
    headers = {one["name"]: one["value"] for one in given["headerParameters"]["parameters"]}
    fields, files = {}, {}
    for one in given["bodyParameters"]["parameters"]:
        if one["parameterType"] == "formBinaryData":
            files[one["name"]] = ("photo.jpg", binary[one["inputDataFieldName"]], "image/jpeg")
        else:
            fields[one["name"]] = one["value"]
    return httpx.Request(given["method"], url, headers=headers, data=fields, files=files)


def test_n8ns_workflow(address: str, tmp_path: Path) -> None:
    """Its nodes are connected one after the other, and its request is answered with the best cutout's file."""
    workflow = json.loads((EXAMPLES / "n8n.json").read_text())
    nodes = {node["name"]: node for node in workflow["nodes"]}
    chain = [workflow["nodes"][0]["name"]]
    while chain[-1] in workflow["connections"]:
        [[following]] = workflow["connections"][chain[-1]]["main"]
        chain.append(following["node"])
    assert chain == list(nodes)
    [node] = [node for node in nodes.values() if node["type"] == "n8n-nodes-base.httpRequest"]

    url, photo = node["parameters"]["url"].replace(HERE, address), (PHOTOS / "rocket.jpg").read_bytes()
    request = n8n_request(node, url, {"data": photo})
    with httpx.Client(timeout=HANG_S, trust_env=False) as http:
        answer = http.send(request)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png")
    assert node["parameters"]["options"]["response"]["response"]["responseFormat"] == "file"
    (tmp_path / "cutout.png").write_bytes(answer.content)
    assert Image.open(tmp_path / "cutout.png").mode == "RGBA"
