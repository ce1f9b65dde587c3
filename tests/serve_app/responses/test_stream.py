"""A job as it happens."""

import asyncio
import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from cutout.models.status import ModelStatus
from serve_app.requests.accept import NDJSON, SSE
from serve_app.responses import stream
from serve_app.responses.stream import stream_response
from tests.serve_app.endpoints.test_process import png, text
from tests.serve_app.fanout.test_shotgun import fired, job, nothing
from tests.support.patience import HANG_S


def events(client: TestClient, path: str, media_type: str, **fields: Any) -> list[tuple[str, dict[str, Any]]]:
    wanted = {"image": text(png()), **fields}
    with client.stream("POST", path, json=wanted, headers={"accept": media_type}) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith(media_type)
        body = "".join(response.iter_text())
    if media_type == NDJSON:
        return [(event.pop("event"), event) for event in map(json.loads, body.splitlines())]
    blocks = [block.split("\n") for block in body.strip().split("\n\n")]
    return [(head.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for head, data in blocks]


@pytest.mark.parametrize("media_type", [SSE, NDJSON])
@pytest.mark.parametrize("path", ["/remove-background", "/process"])
def test_tells_each_step_with_the_contracts_objects(client: TestClient, path: str, media_type: str) -> None:
    """First what was fired, then each model as it is done, then the summary; objects are the JSON contract's.

    How a cutout compares with the others is known at the end, and told in the summary.
    """
    told = events(client, path, media_type)

    plain = client.post(path, json={"image": text(png())}).json()
    assert told[0][0] == "started"
    assert [m["model_id"] for m in told[0][1]["models"]] == ["first", "second", "broken"]
    assert sorted(name for name, _ in told[1:-1]) == ["failed", "finished", "finished"]
    assert {body["model_id"]: body.keys() for _, body in told[1:-1]} == {
        one["model_id"]: one.keys() - {"agreement", "sharpness", "edge_alignment", "score"} for one in plain["results"]
    }
    assert [one.keys() for one in told[-1][1]["results"]] == [one.keys() for one in plain["results"]]
    assert told[-1][0] == "summary"
    assert told[-1][1].keys() == plain.keys()
    assert all(one["image_base64"] is None for one in told[-1][1]["results"])


def test_an_error_before_the_start_is_a_plain_error(client: TestClient) -> None:
    """A picture that cannot be read is 400 in the contract's form, not a stream."""
    response = client.post("/process", json={"image": text(b"text")}, headers={"accept": SSE})

    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_format"


@pytest.mark.anyio
async def test_a_fast_model_is_told_before_a_slow_one_ends() -> None:
    """The first result is on the wire while another model still works; hanging up then cancels that model."""
    shotgun, models = fired({"slow": asyncio.Event().wait, "fast": nothing})  # type: ignore[dict-item]
    response = await stream_response(job(shotgun), shotgun.run, shotgun.registry.models, NDJSON)
    lines = response.body_iterator  # type: ignore[attr-defined]

    started, finished = json.loads(await anext(lines)), json.loads(await anext(lines))
    await lines.aclose()
    await asyncio.sleep(0)
    await asyncio.sleep(0)

    assert started["event"] == "started"
    assert (finished["event"], finished["model_id"]) == ("finished", "fast")
    async with asyncio.timeout(HANG_S):
        while not models["slow"].cancelled:
            await asyncio.sleep(0.01)
    assert await models["fast"].status() == ModelStatus("ready")


@pytest.mark.anyio
@pytest.mark.parametrize(("media_type", "heartbeat"), [(SSE, b": \n\n"), (NDJSON, b"\n")])
async def test_a_silence_is_broken(monkeypatch: pytest.MonkeyPatch, media_type: str, heartbeat: bytes) -> None:
    """While no model is done, a heartbeat comes that says nothing: a comment, or an empty line."""
    shotgun, _ = fired({"slow": asyncio.Event().wait})  # type: ignore[dict-item]
    response = await stream_response(job(shotgun), shotgun.run, shotgun.registry.models, media_type)
    lines = response.body_iterator  # type: ignore[attr-defined]

    assert b"started" in await anext(lines)
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.01)
    assert [await anext(lines) for _ in range(2)] == [heartbeat] * 2
    await lines.aclose()
