"""What an answer with several cutouts says of how they compare."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from cutout.pixels.mattes import edges, measure
from cutout.pixels.mattes.measure import scores
from cutout.pixels.types import Plane, Rgb
from serve_app import contract
from serve_app.fanout import shotgun
from tests.cutout.pixels.mattes.parts import disc, shown
from tests.serve_app.endpoints.test_process import opened, png, text
from tests.serve_app.jobs.test_jobs import ended
from tests.support import durable_jobs
from tests.support.durable_jobs import working

PICTURE = shown(disc(soft_px=4))
OF_A_RESULT = ("agreement", "sharpness", "edge_alignment", "score")
OF_AN_ANSWER = ("selected_model_id", "agreement", "needs_review", "review_reason")


def sent(*models: str) -> dict[str, Any]:
    return {"image": text(png(PICTURE)), "include_models": list(models)}


def said(body: dict[str, Any], fields: tuple[str, ...]) -> dict[str, Any]:
    """Those of the fields that are there."""
    return {name: body[name] for name in fields if name in body}


def test_each_cutout_has_its_score(client: TestClient) -> None:
    """As the formulas give it for the cutouts that were sent; the best one is named, and a failure has none."""
    body = client.post("/remove-background", json=sent("first", "second", "broken")).json()
    first, second, broken = body["results"]
    alphas = {one["model_id"]: opened(one["image_base64"])[..., 3] for one in (first, second)}
    expected = scores(PICTURE, alphas, {})["first"]

    contract.RemoveBody.model_validate(body)
    assert said(first, OF_A_RESULT) == {
        "agreement": 1.0,
        "sharpness": round(expected.sharpness, 4),
        "edge_alignment": round(expected.edge_alignment, 4),
        "score": round(expected.score, 4),
    }
    assert said(second, OF_A_RESULT) == said(first, OF_A_RESULT)
    assert said(broken, OF_A_RESULT) == {}
    assert said(body, OF_AN_ANSWER) == {
        "selected_model_id": "first", "agreement": 1.0, "needs_review": True,
        "review_reason": f"The best score is {expected.score:.2f}, below 0.8",
    }  # fmt: skip
    assert "measure" in first["times_ms"]


def test_the_edges_of_a_picture_are_measured_once(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    """For all models together, where the picture is decoded: no model measures them again."""
    measured = list[tuple[int, ...]]()

    def once(rgb: Rgb) -> Plane:
        measured.append(rgb.shape)
        return edges.strength(rgb)

    monkeypatch.setattr(shotgun, "strength", once)
    monkeypatch.setattr(measure, "strength", lambda _: pytest.fail("a model measured the picture's edges"))
    body = client.post("/remove-background", json=sent("first", "second")).json()

    assert measured == [PICTURE.shape]
    assert body["selected_model_id"] == "first"


def test_one_model_is_not_compared(client: TestClient) -> None:
    """Nothing is measured for a request of one model, and nothing said."""
    body = client.post("/remove-background", json=sent("first")).json()

    assert (said(body, OF_AN_ANSWER), said(body["results"][0], OF_A_RESULT)) == ({}, {})
    assert "measure" not in body["results"][0]["times_ms"]


def test_a_cutout_that_is_left_alone_wants_a_look(client: TestClient) -> None:
    """Where the others failed there is no agreement."""
    body = client.post("/remove-background", json=sent("first", "broken")).json()

    assert (body["agreement"], body["needs_review"], body["selected_model_id"]) == (None, True, "first")
    assert body["review_reason"] == "Only one model gave a cutout, and there is none to compare it with"


def test_every_form_of_an_answer_says_it(client: TestClient) -> None:
    """The summary of a stream and the enlarged cutouts of /process have the same fields."""
    plain = client.post("/remove-background", json=sent("first", "second")).json()
    lines = client.post(
        "/remove-background", json=sent("first", "second"), headers={"accept": "application/x-ndjson"}
    ).text.splitlines()
    summary = json.loads(lines[-1])
    body = {"bg_models": ["first", "second"], "image": text(png(PICTURE)), "upscale_factor": 2}
    larger = client.post("/process", json=body).json()

    for other in (summary, larger):
        assert said(other, OF_AN_ANSWER) == said(plain, OF_AN_ANSWER)
        assert [said(one, OF_A_RESULT) for one in other["results"]] == [
            said(one, OF_A_RESULT) for one in plain["results"]
        ]


@pytest.mark.anyio
async def test_a_durable_job_says_it_when_it_has_ended(tmp_path: Path) -> None:
    """Its state has what the answer at once has, in the job and in each result."""
    async with working(tmp_path, f"sqlite:///{tmp_path}/jobs.sqlite", compose_s=0) as works:
        http: httpx.AsyncClient
        async with durable_jobs.client(works) as http:
            at_once = (await http.post("/remove-background", json=sent("first", "second"))).json()
            accepted = await http.post(
                "/remove-background", json=sent("first", "second"), headers={"prefer": "respond-async"}
            )
            later = await ended(http, accepted.json()["status_url"])

    contract.JobStateBody.model_validate(later)
    assert said(later, OF_AN_ANSWER) == said(at_once, OF_AN_ANSWER) != {}
    assert [said(one, OF_A_RESULT) for one in later["results"]] == [
        said(one, OF_A_RESULT) for one in at_once["results"]
    ]
