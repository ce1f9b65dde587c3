"""Requests counted and timed, refusals by kind, and the probes."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from cutout.accounts.keys import KeyRing
from cutout.models.status import ModelStatus
from cutout.telemetry.metrics import (
    MODEL_READY,
    MODEL_SECONDS,
    PICKS,
    REFUSALS,
    REQUEST_SECONDS,
    REQUESTS,
    RESULTS,
    SPAN_SECONDS,
    SPENT,
    RecordedMetrics,
)
from deployments.ledger import DatabaseLedger
from serve_app.app import create_app
from serve_app.endpoints.health import readiness_body
from serve_app.endpoints.table import ENDPOINTS
from serve_app.telemetry.requests import Metered, RequestMetrics
from tests.support.in_process import model, registry, shotgun

PHOTO = (Path(__file__).parents[2] / "photos" / "coffee.jpg").read_bytes()
JPEG = {"Content-Type": "image/jpeg"}


class Works:
    """A service of one good, one paid and one broken model, and what it has counted."""

    def __init__(self, folder: Path, keys: KeyRing | None = None) -> None:
        models = (
            model("first"),
            model("paid", provider="dear", price_usd=0.25),
            model("broken", options={"error": "no ink"}),
        )
        self.kept, self.request_metrics = RecordedMetrics(), RequestMetrics()
        self.ledger = DatabaseLedger(f"sqlite:///{folder}/ledger.sqlite", 60, self.kept)
        self.shotgun = shotgun(registry(*models), self.ledger, self.kept)
        self.client = TestClient(create_app(self.shotgun, self.ledger, keys, request_metrics=self.request_metrics))

    def count(self, **labels: str) -> float:
        return sum(self.kept.values(REQUESTS, **labels))


def no_keys(folder: Path) -> KeyRing:
    """A ring without a key: nobody comes in."""
    file = folder / "keys.yaml"
    file.touch()
    return KeyRing.load(file)


@pytest.fixture
def works(tmp_path: Path) -> Iterator[Works]:
    """One for each test."""
    works = Works(tmp_path)
    with works.client as client:
        assert client.portal
        client.portal.call(works.ledger.start)
        yield works
        client.portal.call(works.ledger.close)


def test_a_request_leaves_its_numbers(works: Works) -> None:
    """One /process: a request, each model's outcome and time, each span under its model, what was spent and picked."""
    body = works.client.post("/process?upscale_factor=2", content=PHOTO, headers=JPEG).json()
    pick = {"job_id": body["job_id"], "selected_model_id": "first"}
    assert works.client.post("/log-selection", json=pick).status_code == 200

    kept = works.kept
    assert works.count(endpoint="/process", method="POST", status="200") == 1
    assert len(kept.values(REQUEST_SECONDS, endpoint="/process")) == 1
    assert {m: kept.values(RESULTS, model=m, outcome=o) for m, o in OUTCOMES.items()} == {m: [1.0] for m in OUTCOMES}
    times_ms = {r["model_id"]: r["times_ms"] for r in body["results"] if r["model_id"] != "broken"}
    for model_id, spans in times_ms.items():
        assert spans.keys() == {"queue", "infer", "composite", "measure", "upscale", "finish", "encode"}
        for span, ms in spans.items():
            assert kept.values(SPAN_SECONDS, span=span, model=model_id) == [pytest.approx(ms / 1000, abs=1e-4)]
        assert len(kept.values(MODEL_SECONDS, model=model_id)) == 1
    assert len(kept.values(SPAN_SECONDS, span="decode", model="")) == 1
    assert kept.values(SPENT, provider="dear", model="paid") == [0.25]
    assert kept.values(PICKS, model="first") == [1.0]


OUTCOMES = {"first": "success", "paid": "success", "broken": "failed"}


def test_models_that_can_work_are_told(works: Works) -> None:
    """A board that watches says of each model whether it can work; one that does not, that of the jobs, says none."""

    async def watched() -> None:
        watching = asyncio.create_task(works.shotgun.statuses.watch())
        while len(works.kept.values(MODEL_READY)) < 3:
            await asyncio.sleep(0.01)
        watching.cancel()

    works.client.post("/remove-background", content=PHOTO, headers=JPEG)
    assert works.kept.values(MODEL_READY) == []
    asyncio.run(watched())
    assert works.kept.values(MODEL_READY) == [1.0, 1.0, 1.0]


def test_an_upscale_leaves_its_spans(works: Works) -> None:
    """/upscale has no model: its spans are observed without one."""
    assert works.client.post("/upscale?scale_factor=2", content=PHOTO, headers=JPEG).status_code == 200

    assert all(len(works.kept.values(SPAN_SECONDS, span=span)) == 1 for span in ("decode", "upscale", "encode"))


@pytest.mark.parametrize(
    ("path", "kind", "status", "endpoint"),
    [
        ("/process", "invalid_format", "400", "/process"),
        ("/process?upscale_factor=3", "validation_error", "400", "/process"),
        ("/nowhere/at/all", "not_found", "404", "other"),
        ("/jobs/secret-id", "not_found", "404", "other"),
        ("/models", "method_not_allowed", "405", "/models"),
    ],
)
def test_refusals_by_kind(works: Works, path: str, kind: str, status: str, endpoint: str) -> None:
    """A refusal is counted by the contract's error type; an unknown path is `other`, so that nobody can make labels."""
    works.client.post(path, content=b"no picture", headers=JPEG)

    assert works.kept.values(REFUSALS, kind=kind) == [1.0]
    assert works.count(endpoint=endpoint, status=status) == 1


def test_a_refused_caller_is_counted(tmp_path: Path) -> None:
    """A request without a key never reaches a route, and is counted under its endpoint nevertheless."""
    works = Works(tmp_path, no_keys(tmp_path))
    works.client.post("/process")

    assert works.count(endpoint="/process", status="401") == 1
    assert works.kept.values(REFUSALS, kind="unauthorized") == [1.0]


def test_who_hangs_up_is_counted_and_not_waited_for() -> None:
    """A request whose caller leaves is a 499, and a drain that waited for it goes on."""
    kept, request_metrics = RecordedMetrics(), RequestMetrics()

    async def endless(scope: Any, receive: Any, send: Any) -> None:
        await asyncio.Event().wait()

    async def hang_up() -> None:
        state = {"endpoint": next(one for one in ENDPOINTS if one.path == "/process")}
        scope = {"type": "http", "method": "POST", "path": "/process", "headers": [], "state": state}
        call = asyncio.create_task(Metered(endless, kept, request_metrics)(scope, None, None))  # type: ignore[arg-type]
        await asyncio.sleep(0)
        draining = asyncio.create_task(request_metrics.drain())
        await asyncio.sleep(0)
        assert not draining.done()
        call.cancel()
        await draining

    asyncio.run(hang_up())

    assert kept.values(REQUESTS, endpoint="/process", status="499") == [1.0]


def test_probes_need_no_key(tmp_path: Path) -> None:
    """Where keys are wanted, both probes answer without; a replica that has not heard of its models is not ready."""
    works = Works(tmp_path, no_keys(tmp_path))

    live, ready = works.client.get("/health/live"), works.client.get("/health/ready")

    assert (live.status_code, live.json()) == (200, {"status": "alive"})
    assert (ready.status_code, ready.json()["status"]) == (503, "starting")
    assert ready.json()["waiting_for"] == ["first", "paid", "broken"]


READY = ModelStatus("ready")
ABSENT = ModelStatus("unavailable", "RUNWARE_API_KEY is not set")
LOADING = ModelStatus("unavailable", "it is still being loaded", tried=False)


@pytest.mark.parametrize(
    ("statuses", "draining", "expected"),
    [
        ((READY, READY), False, ("ready", [])),
        ((READY, ABSENT), False, ("ready", [])),
        ((ABSENT, ABSENT), False, ("unavailable", [])),
        ((READY, None), False, ("starting", ["second"])),
        ((READY, LOADING), False, ("starting", ["second"])),
        ((READY, READY), True, ("draining", [])),
    ],
)
def test_readiness(
    statuses: tuple[ModelStatus, ModelStatus | None], draining: bool, expected: tuple[str, list[str]]
) -> None:
    """Ready: every model that can be had has run; one that cannot is not waited for, but one at least must work."""

    class ModelStatuses:
        def __init__(self) -> None:
            self.specs = dict(zip(("first", "second"), statuses, strict=True))

        def status(self, model_id: str) -> ModelStatus | None:
            return self.specs[model_id]

    body = readiness_body(ModelStatuses(), {}, draining)  # type: ignore[arg-type]

    assert (body["status"], body["waiting_for"]) == expected


@pytest.mark.parametrize(
    ("ledger", "expected"),
    [
        (None, {"status": "starting", "waiting_for": ["ledger"], "unavailable": {}}),
        (READY, {"status": "ready", "waiting_for": [], "unavailable": {}}),
        (
            ModelStatus("unavailable", "the disk is full"),
            {"status": "unavailable", "waiting_for": [], "unavailable": {"ledger": "the disk is full"}},
        ),
    ],
)
def test_the_ledger_is_part_of_readiness(ledger: ModelStatus | None, expected: dict[str, object]) -> None:
    """While it is not known how the ledger is the service starts, and while it cannot work it is not ready."""

    class ModelStatuses:
        specs = ("first",)

        def status(self, _: str) -> ModelStatus:
            return READY

    assert readiness_body(ModelStatuses(), {"ledger": ledger}, draining=False) == expected  # type: ignore[arg-type,dict-item]
