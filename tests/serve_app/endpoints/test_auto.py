"""`auto` in the place of model ids: as many models as are needed, the cheapest first."""

import json
from pathlib import Path
from typing import Any

import pytest
from dbos import DBOS
from starlette.testclient import TestClient

from cutout.service import QualitySpec
from serve_app import contract
from serve_app.app import create_app
from serve_app.jobs.reading import NEXT
from tests.serve_app.endpoints.test_process import error, png, text
from tests.serve_app.jobs.test_jobs import ended, events
from tests.support import durable_jobs
from tests.support.durable_jobs import working
from tests.support.in_process import Memory, model, registry, shotgun

PAID = model("paid", provider="afar", price_usd=0.25)
AGREEING = (model("cheap", cpu_s=0.1), model("next", cpu_s=0.2), model("slow", cpu_s=1), PAID)
ALONE = (model("cheap", cpu_s=0.1), model("broken", cpu_s=0.2, options={"error": "out of ink"}), PAID)
"""One local model fails, so that nothing agrees with the other."""


def service(*models: Any, paid_below_score: float = 1.0) -> tuple[TestClient, Memory]:
    reg, ledger = registry(*models), Memory()
    quality = QualitySpec(paid_below_score=paid_below_score)
    reg = reg.model_copy(update={"service": reg.service.model_copy(update={"quality": quality})})
    return TestClient(create_app(shotgun(reg, ledger), ledger)), ledger


def sent(**fields: Any) -> dict[str, Any]:
    return {"image": text(png()), "include_models": ["auto"], **fields}


def ran(body: dict[str, Any]) -> list[str]:
    return [one["model_id"] for one in body["results"]]


def test_agreement_ends_it_and_what_was_reserved_is_released() -> None:
    """Only the two cheapest run; the others are left out with the reason, and nobody is paid."""
    client, ledger = service(*AGREEING)
    body = client.post("/remove-background", json=sent()).json()

    contract.RemoveBody.model_validate(body)
    assert (ran(body), body["status"], body["total_cost_usd"]) == (["cheap", "next"], "completed", 0)
    assert body["skipped"] == dict.fromkeys(("slow", "paid"), "Not needed: The cutouts agree: 1.00, and 0.93 is enough")
    assert [charge.usd for charge in ledger.reserved] == [0.25]
    assert [charge.usd for charge in ledger.spent] == [0]


def test_a_provider_is_paid_last_and_only_for_a_low_score() -> None:
    """After all local models; a score that will do, the caller's limit or `local_only` spare the cost."""
    client, ledger = service(*ALONE)
    body = client.post("/remove-background", json=sent()).json()
    limited = client.post("/remove-background", json=sent(max_cost_usd=0.2)).json()
    local = client.post("/remove-background", json=sent(local_only=True)).json()
    content, _ = service(*ALONE, paid_below_score=0.1)

    assert (ran(body), body["total_cost_usd"]) == (["cheap", "broken", "paid"], 0.25)
    assert [charge.usd for charge in ledger.spent] == [0.25]
    assert (ran(limited), limited["skipped"]) == (
        ["cheap", "broken"],
        {"paid": "it would cost more than max_cost_usd leaves"},
    )
    assert ran(local) == ["cheap", "broken"]
    assert ran(content.post("/remove-background", json=sent()).json()) == ["cheap", "broken"]


def test_one_picture_is_the_winners() -> None:
    """Accept of a picture needs no pick, and refuses one."""
    client, _ = service(*AGREEING)
    headers = {"accept": "image/png"}
    answer = client.post("/remove-background", json=sent(), headers=headers)
    refused = error(client.post("/remove-background", json=sent(pick="first"), headers=headers), 400)

    assert (answer.headers["content-type"], answer.headers["x-cutout-model"]) == ("image/png", "cheap")
    assert refused["details"]["field"] == "pick"


def test_auto_stands_alone() -> None:
    """It chooses among all models, so that another beside it says nothing."""
    client, _ = service(*AGREEING)
    refused = error(client.post("/remove-background", json=sent(include_models=["auto", "cheap"])), 400)

    assert refused["details"]["field"] == "include_models"


def test_a_stream_tells_each_step() -> None:
    """Which models run next and why, and at last why no more do."""
    client, _ = service(*ALONE)
    answer = client.post("/remove-background", json=sent(), headers={"accept": "application/x-ndjson"})
    steps = [line for line in map(json.loads, answer.text.splitlines()) if line["event"] == "step"]

    assert [step["models"] for step in steps] == [["cheap", "broken"], ["paid"], []]
    assert steps[0]["reason"] == "The cheapest local model of each of two families"
    assert steps[2]["reason"] == "The cutouts agree: 1.00, and 0.93 is enough"


def test_an_estimate_has_the_least_and_the_most() -> None:
    """Of `auto`; of other models both are the same."""
    client, _ = service(*ALONE)
    auto = client.post("/estimate", json={"models": ["auto"]}).json()
    named = client.post("/estimate", json={"models": ["paid"]}).json()

    assert (auto["least_usd"], auto["estimate_usd"]) == (0, 0.25)
    assert (named["least_usd"], named["estimate_usd"]) == (0.25, 0.25)


@pytest.mark.anyio
async def test_a_durable_job_runs_as_many_as_it_needs(tmp_path: Path) -> None:
    """Of three local models two are asked, and agree; the third is left out with the reason.

    What was decided is stored, so that a job that is resumed goes on with it, whatever the thresholds are by then. A
    caller who waits for one picture is given the winner's.
    """
    async with (
        working(tmp_path, f"sqlite:///{tmp_path}/jobs.sqlite", compose_s=0) as works,
        durable_jobs.client(works) as http,
    ):
        works.models["broken"]._backend = works.models["first"]._backend  # the cheapest two are these
        accepted = await http.post("/remove-background", json=sent(), headers={"prefer": "respond-async"})
        body = await ended(http, accepted.json()["status_url"])
        runs, happened = len(works.runs), events((await http.get(accepted.json()["status_url"] + "/events")).text)
        headers = {"accept": "image/png", "idempotency-key": "one picture"}
        pictures = [await http.post("/remove-background", json=sent(), headers=headers) for _ in range(2)]
        steps = await DBOS.list_workflow_steps_async(accepted.json()["job_id"])

    stored: list[Any] = [step["output"] for step in steps if step["function_name"] == NEXT]
    assert [step["models"] for step in stored] == [["broken", "first"], []]
    assert [name for name, _ in happened] == ["started", "step", "finished", "finished", "step", "summary"]
    assert [told for name, told in happened if name == "step"] == stored
    contract.JobStateBody.model_validate(body)
    assert (body["status"], sorted(ran(body)), runs) == ("completed", ["broken", "first"], 2)
    assert body["skipped"] == {"second": "Not needed: The cutouts agree: 1.00, and 0.93 is enough"}
    assert body["selected_model_id"] in ran(body)
    assert [one.status_code for one in pictures] == [200, 200], pictures[0].text
    assert {one.headers["x-cutout-model"] for one in pictures} == {body["selected_model_id"]}
