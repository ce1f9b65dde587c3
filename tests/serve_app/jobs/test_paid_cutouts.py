"""A durable job whose second stage fails, or whose process dies in it: the model that was paid is not asked again."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cutout.errors import ModelBusy
from cutout.models.status import EngineReport
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.plain import Size
from cutout.results import CutoutFile, CutoutPixels, Failure
from cutout.telemetry.metrics import RESULTS
from deployments.upscaler import Upscaler
from serve_app.jobs.execution import model_steps
from serve_app.jobs.execution.paid_cutouts import PaidCutout, PaidCutouts
from serve_app.storage.pictures import PictureStore
from tests.serve_app.jobs.test_jobs import ASYNC, PROCESS, ended
from tests.support.durable_jobs import Works, client, working
from tests.support.patience import HANG_S

pytestmark = pytest.mark.anyio
JOB = "00000000-0000-4000-8000-000000000000"


class Full(Upscaler):
    """An upscaler without room, for so many calls or until it has some."""

    def __init__(self, refusals: float) -> None:
        super().__init__(EncodeSpec())
        self.refusals = refusals
        self.refused = 0

    async def upscale(self, *given: Any) -> CutoutFile | Failure:
        if self.refused < self.refusals:
            self.refused += 1
            raise ModelBusy("Upscaler is busy: its queue is full")
        return await super().upscale(*given)


def with_upscaler(works: Works, upscaler: Upscaler) -> None:
    """Put it in the place of the one that there is."""
    works.shotgun.second_stage._upscaler = upscaler


def counted(works: Works, outcome: str) -> list[float]:
    """How often the metric counted this outcome, of either model."""
    return works.kept.values(RESULTS, outcome=outcome)


async def test_only_the_stage_that_failed_is_tried_again(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model is paid once, and its outcome counted once; 1.0.0 repeated both stages, and paid 7 calls."""
    monkeypatch.setattr(model_steps, "PATIENT_EVERY_S", 0.01)
    async with working(tmp_path, database_url) as works, client(works) as http:
        with_upscaler(works, Full(14))
        answer = await http.post("/process", json=PROCESS, headers=ASYNC)
        body = await ended(http, answer.json()["status_url"])
        kept = sorted(file.name for file in (tmp_path / "pictures" / body["job_id"]).iterdir())

    calls = [run.partition(":")[0] for run in works.runs]
    assert (counted(works, "success"), counted(works, "unavailable")) == ([1, 1], [])
    print(f"\n14 refusals of the upscaler: {calls.count('second')} paid calls, {len(works.ledger.spent)} booked")
    assert body["status"] == "completed"
    assert sorted(calls) == ["first", "second"]
    assert [(charge.model_id, charge.usd) for charge in works.ledger.spent] == [("second", 0.25)]
    assert body["total_cost_usd"] == 0.25
    assert [name.partition("_")[0] for name in kept] == ["first.png", "input", "second.png", "thumbnail.small.webp"]


async def test_a_second_stage_that_is_given_up_keeps_its_cost(
    tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the upscaler is no longer waited for, result and metric are its failure, and the cost is the model's."""
    monkeypatch.setattr(model_steps, "PATIENT_S", 0.0)
    async with working(tmp_path, database_url) as works, client(works) as http:
        with_upscaler(works, Full(float("inf")))
        answer = await http.post("/process", json=PROCESS, headers=ASYNC)
        body = await ended(http, answer.json()["status_url"])

    assert [one["upscale_status"] for one in body["results"]] == ["error", "error"]
    assert (counted(works, "success"), counted(works, "unavailable")) == ([], [1, 1])
    assert [one["cost_usd"] for one in body["results"]] == [0.0, 0.25]
    assert [charge.usd for charge in works.ledger.spent] == [0.25]


async def test_a_paid_cutout_outlives_its_process(tmp_path: Path, database_url: str) -> None:
    """A worker ends between a paid cutout and its upscale: the next one goes on from the cutout."""
    async with working(tmp_path, database_url) as before, client(before) as http:
        full = Full(float("inf"))
        with_upscaler(before, full)
        answer = await http.post("/process", json=PROCESS, headers=ASYNC)
        async with asyncio.timeout(HANG_S):
            while full.refused < 2:  # both models' cutouts are there
                await asyncio.sleep(0.01)

    async with working(tmp_path, database_url) as after, client(after) as http:
        body = await ended(http, answer.json()["status_url"])

    calls = [run.partition(":")[0] for run in after.runs]
    assert body["status"] == "completed"
    assert calls.count("second") == 1
    assert [charge.model_id for charge in (*before.ledger.spent, *after.ledger.spent)] == ["second"]
    assert body["total_cost_usd"] == 0.25


async def test_a_paid_cutout_of_any_shape_is_found(tmp_path: Path) -> None:
    """Limits on pictures that callers send are none on what was made of them: here a line of 1 x 1,500 pixels."""
    store = PictureStore.at(str(tmp_path))
    paid = PaidCutouts(store, store.put)
    cutout = CutoutPixels("m", Size(1, 1500), 0.5, EngineReport("x", "y"), rgba=np.zeros((1500, 1, 4), np.uint8))
    await paid.keep(JOB, PaidCutout(cutout, 1.0))
    found = await paid.find(JOB, "m")

    assert found
    assert np.array_equal(found.cutout.rgba, cutout.rgba)
