"""`fused` in durable jobs: a step after its sources, whose mattes are in the store until it is made."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.mattes.score import Score
from cutout.removal import Removal
from cutout.results import C, Failure, Form
from deployments.combiner import Combiner
from serve_app import contract
from serve_app.contract.webhook_signature import signature
from tests.serve_app.jobs.test_jobs import ASYNC, PROCESS, SECRET, asked, delivered, ended, events
from tests.support.durable_jobs import Works, client, working
from tests.support.lasting_jobs import Lasting
from tests.support.patience import HANG_S
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.anyio
FUSED = ["first", "second", "fused"]
OF_RESULTS = "[!i]*.png"
"""Not the caller's own picture, which is kept as `input_….png`."""


@pytest.fixture
async def works(tmp_path: Path, sqlite_jobs: Lasting) -> AsyncIterator[Works]:
    """A worker at work: two models that work and one that fails."""
    async with sqlite_jobs.working(tmp_path) as works:
        yield works


@pytest.fixture
async def http(works: Works) -> AsyncIterator[httpx.AsyncClient]:
    """A caller."""
    async with client(works) as http:
        yield http


async def test_it_is_made_after_its_sources(http: httpx.AsyncClient, works: Works) -> None:
    """Each source runs once; of its own pictures only the results are left, and another finish can be made of each."""
    accepted = await http.post("/remove-background", json=asked(include_models=FUSED), headers=ASYNC)
    body = await ended(http, accepted.json()["status_url"])
    told = events((await http.get(accepted.json()["status_url"] + "/events")).text)
    composed = await http.post(f"/jobs/{body['job_id']}/compose", json={"crop": True, "include_models": ["fused"]})

    contract.JobStateBody.model_validate(body)
    fused = body["results"][2]
    assert (body["status"], body["models"], body["total_cost_usd"]) == ("completed", FUSED, 0.25)
    assert (fused["model_id"], sorted(fused["sources"]), fused["cost_usd"]) == ("fused", ["first", "second"], 0)
    assert body["selected_model_id"] in FUSED
    assert sorted(run.partition(":")[0] for run in works.runs) == ["first", "second"]
    assert told[0][1]["models"][2] == {"model_id": "fused", "model_name": "Fused"}
    assert [name for name, _ in told] == ["started", "finished", "finished", "finished", "summary"]
    assert composed.json()["results"][0]["sources"] == fused["sources"]
    assert sorted(file.name for file in (works.folder / "pictures").rglob(OF_RESULTS)) == sorted(
        f"{name}.png" for name in FUSED
    )
    assert works.ledger.jobs[0].offered == tuple(FUSED)


async def test_a_caller_who_waits_for_one_picture_is_given_the_best(http: httpx.AsyncClient) -> None:
    """As without a durable job; the headers name its model."""
    headers = {"accept": "image/png", "idempotency-key": "one picture"}
    answer = await http.post("/remove-background", json=asked(include_models=["fused"]), headers=headers)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/png"), answer.text
    assert answer.headers["x-cutout-model"] in FUSED


async def test_it_is_enlarged_like_the_others(http: httpx.AsyncClient, works: Works) -> None:
    """A matte is of the picture's size, the result of the enlarged one's."""
    accepted = await http.post("/process", json=PROCESS | {"bg_models": FUSED}, headers=ASYNC)
    body = await ended(http, accepted.json()["status_url"])

    sizes = {Image.open(file).size for file in (works.folder / "pictures").rglob(OF_RESULTS)}
    assert (body["status"], sizes) == ("completed", {(48, 48)})
    assert body["results"][2]["output_dimensions"] == {"width": 48, "height": 48}


class Silent(Combiner):
    """A combiner that never answers; `called` is set once it is asked."""

    def __init__(self) -> None:
        super().__init__(EncodeSpec())
        self.called = asyncio.Event()

    async def combine(
        self, picture: Any, removal: Removal, form: Form[C], scores: Mapping[str, Score], *mattes: Any
    ) -> C | Failure:
        self.called.set()
        return await asyncio.Future()


async def test_its_sources_outlive_their_process(tmp_path: Path) -> None:
    """A worker ends while it is made: the next one makes it of the mattes in the store, and runs no model again."""
    database_url, silent = f"sqlite:///{tmp_path}/jobs.sqlite", Silent()
    async with working(tmp_path, database_url) as before, client(before) as http:
        before.shotgun._calls._combiner = silent
        accepted = await http.post("/remove-background", json=asked(include_models=FUSED), headers=ASYNC)
        async with asyncio.timeout(HANG_S):
            await silent.called.wait()

    async with working(tmp_path, database_url) as after, client(after) as http:
        body = await ended(http, accepted.json()["status_url"])

    assert (body["status"], sorted(body["results"][2]["sources"])) == ("completed", ["first", "second"])
    assert sorted(run.partition(":")[0] for run in after.runs) == ["first", "second"]


async def test_too_few_sources_are_its_failure(http: httpx.AsyncClient) -> None:
    """As without a durable job: it names the model that failed, and the other's result stays."""
    accepted = await http.post(
        "/remove-background", json=asked(include_models=["first", "broken", "fused"]), headers=ASYNC
    )
    body = await ended(http, accepted.json()["status_url"])

    assert [one["status"] for one in body["results"]] == ["success", "error", "error"]
    assert body["results"][2]["error"] == "The cutouts of 2 models are needed, and there is one. broken: out of ink"


async def test_a_webhook_has_what_the_answer_says(http: httpx.AsyncClient) -> None:
    """The comparison's fields are in it, and signed."""
    async with Receiver() as receiver:
        body = asked(include_models=FUSED, webhook_url=receiver.url, webhook_secret=SECRET)
        accepted = await http.post("/remove-background", json=body)
        state = await delivered(http, accepted.json()["status_url"])
        payload = json.loads(receiver.messages[0].body)

    contract.WebhookBody.model_validate(payload)
    said = ("selected_model_id", "agreement", "needs_review", "review_reason")
    assert {name: payload[name] for name in said} == {name: state[name] for name in said}
    assert payload["signature"] == signature(payload, SECRET)
    assert payload["results"][2]["sources"] == state["results"][2]["sources"]
