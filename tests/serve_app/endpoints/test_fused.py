"""`fused` among model ids: one more result, made of the other models' cutouts."""

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.mattes.score import Score
from cutout.removal import Removal
from cutout.results import C, Failure, Form
from deployments.backends.base import Resources
from deployments.combiner import Combiner
from deployments.upscaler import Upscaler
from serve_app import contract
from serve_app.app import create_app
from serve_app.fanout.shotgun import Shotgun
from tests.serve_app.endpoints.test_process import error, opened, png, text
from tests.support.in_process import InProcess, Memory, model, registry, shotgun

BOUND = {"name": "CC-BY-NC-4.0", "commercial": False}
MODELS = (
    model("first", cpu_s=0.1),
    model("second", cpu_s=0.2, licence=BOUND),
    model("broken", cpu_s=9, options={"error": "out of ink"}),
    model("paid", provider="afar", price_usd=0.25),
)


def service() -> tuple[TestClient, Memory]:
    reg, ledger = registry(*MODELS), Memory()
    return TestClient(create_app(shotgun(reg, ledger), ledger)), ledger


def sent(*models: str, field: str = "include_models", **fields: Any) -> dict[str, Any]:
    return {"image": text(png()), field: list(models), **fields}


def ran(body: dict[str, Any]) -> list[str]:
    return [one["model_id"] for one in body["results"]]


def test_one_more_result_that_names_its_sources() -> None:
    """It comes last, costs nothing of its own, may be used as its strictest source may, and is scored and picked."""
    client, ledger = service()
    body = client.post("/remove-background", json=sent("fused", "paid", "second")).json()

    contract.RemoveBody.model_validate(body)
    fused = body["results"][2]
    assert (ran(body), body["status"], body["total_cost_usd"]) == (["paid", "second", "fused"], "completed", 0.25)
    assert (fused["model_name"], sorted(fused["sources"]), fused["cost_usd"]) == ("Fused", ["paid", "second"], 0)
    assert (fused["licence"], fused["commercial_use"]) == ("CC-BY-NC-4.0", False)
    assert opened(fused["image_base64"]).shape == (24, 32, 4)
    assert {"score", "agreement", "times_ms", "box"} <= fused.keys()
    assert "sources" not in body["results"][0]
    assert ledger.jobs[0].offered == ("paid", "second", "fused")


def test_alone_it_is_made_of_all_local_models() -> None:
    """Their results come with it; nobody is paid."""
    client, ledger = service()
    body = client.post("/remove-background", json=sent("fused")).json()

    assert (ran(body), body["status"]) == (["first", "second", "broken", "fused"], "partial")
    assert sorted(body["results"][3]["sources"]) == ["first", "second"]
    assert ledger.reserved == []


def test_too_few_cutouts_are_its_failure_and_the_others_stay() -> None:
    """It says what became of the models that gave none."""
    client, _ = service()
    body = client.post("/remove-background", json=sent("first", "broken", "fused")).json()
    single = client.post("/remove-background", json=sent("first", "fused")).json()
    none = error(client.post("/remove-background", json=sent("broken", "fused")), 422)

    contract.RemoveBody.model_validate(body)
    assert [one["status"] for one in body["results"]] == ["success", "error", "error"]
    assert body["results"][2]["error"] == ("The cutouts of 2 models are needed, and there is one. broken: out of ink")
    assert single["results"][1]["error"] == "The cutouts of 2 models are needed, and there is one"
    assert none["details"]["models"]["fused"].startswith("The cutouts of 2 models are needed, and there are none")


def test_it_is_enlarged_and_finished_like_any_other() -> None:
    """Twice as large, on a colour, cropped, with its mask beside it."""
    client, _ = service()
    finish = {"output_type": "both", "crop": True, "background": "#ff0000", "upscale_factor": 2}
    body = client.post("/process", json=sent("first", "second", "fused", field="bg_models", **finish)).json()

    contract.ProcessBody.model_validate(body)
    fused = body["results"][2]
    assert (fused["bg_removal_status"], fused["upscale_status"]) == ("success", "success")
    assert fused["output_dimensions"] == body["results"][0]["output_dimensions"]
    assert opened(fused["mask_base64"]).shape == opened(fused["image_base64"]).shape
    assert {"upscale", "finish", "fuse"} <= fused["times_ms"].keys()


def test_one_picture_is_that_of_the_best_score() -> None:
    """Accept of a picture needs no pick, and refuses one."""
    client, _ = service()
    headers = {"accept": "image/png"}
    answer = client.post("/remove-background", json=sent("fused"), headers=headers)
    best = client.post("/remove-background", json=sent("fused")).json()["selected_model_id"]
    refused = error(client.post("/remove-background", json=sent("fused", pick="best"), headers=headers), 400)

    assert (answer.headers["content-type"], answer.headers["x-cutout-model"]) == ("image/png", best)
    assert Image.open(io.BytesIO(answer.content)).size == (32, 24)
    assert refused["details"]["field"] == "pick"


def test_beside_auto_it_is_made_of_what_ran() -> None:
    """Two cheap models agree and are enough; it is made of them."""
    client, _ = service()
    body = client.post("/remove-background", json=sent("auto", "fused")).json()

    assert ran(body) == ["first", "second", "fused"]
    assert sorted(body["skipped"]) == ["broken", "paid"]


def test_a_stream_announces_it_and_sends_it_last() -> None:
    """After its sources, as `finished`, with the fields of the answer."""
    client, _ = service()
    headers = {"accept": "application/x-ndjson"}
    answer = client.post("/remove-background", json=sent("first", "second", "fused"), headers=headers)
    started, *done, summary = map(json.loads, answer.text.splitlines())

    assert started["models"][-1] == {"model_id": "fused", "model_name": "Fused"}
    assert [one["event"] for one in done] == ["finished"] * 3
    assert (done[-1]["model_id"], sorted(done[-1]["sources"])) == ("fused", ["first", "second"])
    assert summary["results"][-1]["model_id"] == "fused"


def test_what_is_said_of_it_before_a_request() -> None:
    """An estimate has it at no price; /models shows it apart from the models, and an unknown id names it."""
    client, _ = service()
    estimate = client.post("/estimate", json={"models": ["paid", "first", "fused"]}).json()
    for name in ("first", "second"):  # a model whose status is not known yet is not available
        client.post("/remove-background", json=sent(name))
    models = client.get("/models").json()
    unknown = error(client.post("/remove-background", json=sent("fusion")), 400)

    contract.EstimateBody.model_validate(estimate)
    contract.ModelsBody.model_validate(models)
    assert estimate["models"] == {"paid": 0.25, "first": 0.0, "fused": 0.0}
    assert estimate["estimate_usd"] == 0.25
    assert "fused" not in [one["id"] for one in models["models"]]
    auto, fused = models["combinations"]
    assert (fused["id"], fused["name"], fused["state"], fused["price_usd"]) == ("fused", "Fused", "ready", 0)
    assert (fused["models"], fused["licence"]) == (["first", "second", "broken"], "CC-BY-NC-4.0")
    assert (auto["id"], auto["available"], auto["models"][-1]) == ("auto", True, "paid")
    assert [client.get(f"/models/{one}").json() for one in ("auto", "fused")] == [auto, fused]
    assert "fused" in unknown["message"]


@dataclass(frozen=True)
class Reference:
    """Stands for a value in the object store."""

    value: Any


class ByReference(Combiner):
    """A combiner whose mattes come by reference; it counts them."""

    given = 0

    async def combine(
        self, picture: Any, removal: Removal, form: Form[C], scores: Mapping[str, Score], *mattes: Any
    ) -> C | Failure:
        assert all(isinstance(matte, Reference) for matte in mattes)
        self.given += len(mattes)
        return await super().combine(picture, removal, form, scores, *(matte.value for matte in mattes))


@pytest.mark.parametrize(("asked", "count"), [(("first", "second"), 0), (("first", "second", "fused"), 2)])
def test_mattes_are_shared_by_the_replicas_only_where_it_is_asked(asked: tuple[str, ...], count: int) -> None:
    """Each is put where the combiner can reach it by the replica that made it; without `fused` none is."""
    shared: list[np.ndarray] = []

    def share(matte: np.ndarray) -> Reference:
        shared.append(matte)
        return Reference(matte)

    reg, combiner = registry(*MODELS), ByReference(EncodeSpec())
    models = {spec.id: InProcess(spec, Resources(), EncodeSpec(), 60, share) for spec in MODELS}
    client = TestClient(create_app(Shotgun(reg, models, Upscaler(EncodeSpec()), combiner, Memory()), Memory()))
    body = client.post("/remove-background", json=sent(*asked)).json()

    assert (body["status"], len(body["results"])) == ("completed", len(asked))
    assert ([matte.shape for matte in shared], combiner.given) == ([(24, 32)] * count, count)
