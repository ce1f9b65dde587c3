"""Remote models on the whole service, over stand-ins that answer as the providers do."""

import base64
from typing import Any

from serve_app import contract
from tests.cluster.conftest import ROOT, Service

PHOTO = (ROOT / "tests" / "photos" / "coffee.jpg").read_bytes()
SIX = ["runware_rmbg2", "runware_birefnet_portrait", "kie_recraft", "local_birefnet", "local_isnet", "local_u2netp"]


def shot(service: Service, **fields: Any) -> dict[str, Any]:
    wanted = {"image": base64.b64encode(PHOTO).decode(), **fields}
    body: dict[str, Any] = service.http.post("/remove-background", json=wanted).json()
    return body


def test_six_models_in_one_request(service: Service) -> None:
    """Local and remote models answer side by side in the contract's form, and what they cost is summed."""
    body = shot(service, include_models=SIX)

    contract.RemoveBody.model_validate(body)
    assert [r["model_id"] for r in body["results"]] == SIX
    assert {r["status"] for r in body["results"]} == {"success"}, body
    costs = [r["cost_usd"] for r in body["results"]]
    assert all(cost > 0 for cost in costs[:3])
    assert costs[3:] == [0, 0, 0]
    assert body["total_cost_usd"] == round(sum(costs), 6)


def test_health_speaks_of_providers_without_spending(service: Service) -> None:
    """/health says what is known of each provider in the contract's words, and asking costs no call."""
    calls = len(service.runware.script.calls), len(service.kie.script.calls)

    services = service.http.get("/health").json()["services"]

    assert services["runware"] in ("connected", "available")
    assert services["kie"] in ("connected", "available")
    assert (len(service.runware.script.calls), len(service.kie.script.calls)) == calls


def test_local_only_calls_nobody(service: Service) -> None:
    """With local_only no provider is called, and the answer says who was left out."""
    calls = len(service.runware.script.calls), len(service.kie.script.calls)

    body = shot(service, include_models=[*SIX[:3], "local_u2netp"], local_only=True)

    assert [r["model_id"] for r in body["results"]] == ["local_u2netp"]
    assert set(body["skipped"]) == set(SIX[:3])
    assert (len(service.runware.script.calls), len(service.kie.script.calls)) == calls


def test_a_provider_that_is_down_harms_nobody_else(service: Service) -> None:
    """One provider's error is its own result; the others' pictures are there."""
    service.kie.script.once("create", "500")

    body = shot(service, include_models=["kie_recraft", "runware_rmbg2"])

    assert body["status"] == "partial"
    assert {r["model_id"]: r["status"] for r in body["results"]} == {"kie_recraft": "error", "runware_rmbg2": "success"}
