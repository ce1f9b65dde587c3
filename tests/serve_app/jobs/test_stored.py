"""What 1.0.0 and the versions after it stored of jobs is still read; `stored/` has it as they wrote it."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from cutout.accounts.keys import NO_DIGEST, KeyRecord
from cutout.accounts.rate_limit import JobSlot
from cutout.models.status import EngineReport
from cutout.pixels.crop import Margin
from cutout.pixels.plain import Box, Size
from cutout.removal import Removal
from cutout.results import Cutout, CutoutFile, Failure, ModelResult, Upscaled, UpscaledFile
from serve_app.jobs.execution.paid_cutouts import CARD
from serve_app.jobs.state import MODEL_RESULT, ORDER, UPSCALE_RESULT, Order
from serve_app.jobs.stored_options import StoredEnlargement, StoredFinish
from serve_app.storage.cutout_cache import METADATA, CutoutCache
from serve_app.storage.pictures import SUFFIX, PictureStore

pytestmark = pytest.mark.anyio
STORED = Path(__file__).parent / "stored"
JOB_ID = "0b7c1c3e-5a43-4f7e-9a1d-2f6f0f6f9a10"
MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def stored(name: str) -> Any:
    return json.loads((STORED / f"{name}.json").read_text())


def order(name: str) -> Order:
    """An order, which is the same when it is stored again."""
    found = ORDER.validate_python(stored(name))
    assert ORDER.validate_python(ORDER.dump_python(found, mode="json")) == found
    return found


def test_an_order_of_1_0_0() -> None:
    """A slot was called a place, and a webhook's secret was not sealed."""
    found = order("1.0.0/order")

    assert (found.job_id, found.created_at, found.size) == (JOB_ID, 1767323045.25, Size(30, 20))
    assert (found.selection.asked, found.models) == (("all",), ("first", "second"))
    assert (found.selection.skipped, found.slot) == ({"third": "it is not local"}, JobSlot("key:00000001", "place-1"))
    assert found.key == KeyRecord(
        id="00000001", name="shop", sha256=NO_DIGEST, models=("first", "second"), daily_usd=2.5, created=MADE
    )
    assert found.finish == StoredFinish("both", (255, 136, 0), True, Margin.of("10px 5%"))
    assert (found.webhook_url, found.webhook_secret) == (
        "https://receiver.example/hook",
        "a secret of at least 24 bytes",
    )
    assert (found.output_format, found.factor, found.terms.deadline_s) == ("webp", 2, 12.5)
    assert found.masked


def test_orders_of_the_versions_after_it() -> None:
    """A background's picture by its name, an enlargement, and a plain order."""
    background, enlargement, plain = (
        order(f"after-1.0.0/order-{name}") for name in ("background", "enlargement", "plain")
    )

    assert background.background == "background_" + "ef" * 32
    assert background.key
    assert background.key.operator
    assert background.removal == Removal("discard_alpha_layer")
    assert background.sealed_secret == "sealed"
    assert enlargement.enlargement == StoredEnlargement(4, preserve_alpha=False)
    assert (plain.finish, plain.key, plain.models) == (None, None, ("first", "second"))


def test_an_enlargement_was_an_order_without_models() -> None:
    """Its factor and transparency stood where those of cutouts do."""
    flat = stored("after-1.0.0/order-enlargement")
    nested = flat | {"selection": {"asked": [], "models": [], "skipped": {}}, "removal": {}, "terms": {}}

    assert ORDER.validate_python(nested).enlargement == StoredEnlargement(4, preserve_alpha=False)


async def test_a_cached_job_of_the_versions_after_it(tmp_path: Path) -> None:
    """Its cutouts are found by their names in the store, without the fields that are no more."""
    store = PictureStore.at(str(tmp_path))
    await store.put(JOB_ID, METADATA, json.dumps(stored("after-1.0.0/cached")).encode())

    found = await CutoutCache(unused, store, keep_s=1e12).find(JOB_ID)

    assert (found.key_id, found.factor, found.input_size) == ("00000001", 2, Size(30, 20))
    assert [one.name for one in found.cutouts] == [f"first{SUFFIX}"]


async def unused(*_: Any, **__: Any) -> Any:
    """What was answered is read without running a job."""
    raise AssertionError


def test_results_of_1_0_0() -> None:
    """Fields that are no more are ignored."""
    engine = EngineReport("runware", "https://api.runware.ai/v1", "runware:110@1")
    times_ms = {"infer": 12.5, "encode": 1.25}
    box, frame = Box(4, 6, 20, 10), Box(-2, -1, 30, 15)
    cutout = Cutout("first", Size(60, 40), 0.0062, engine, times_ms, "shrunk", box, frame)
    failure = Failure("second", "processing_error", "out of ink", 0.0006, "upscale", retry_after_s=3.5)

    assert MODEL_RESULT.validate_python(stored("1.0.0/cutout")) == ModelResult("first", cutout, 81.5)
    assert MODEL_RESULT.validate_python(stored("1.0.0/failure")) == ModelResult("second", failure, 40.0)


def test_results_of_the_versions_after_it() -> None:
    """A failure that never started, an upscale, its failure, and a cutout that was paid for, with its resolution."""
    away = Failure("second", "service_unavailable", "away", unavailable=True)
    late = Failure("upscaled", "service_unavailable", "late", retry_after_s=2.5)
    larger = Upscaled(Size(30, 20), Size(120, 80), True, {"upscale": 3.5})
    paid = CARD.validate_python(stored("after-1.0.0/cutout-paid"))

    assert MODEL_RESULT.validate_python(stored("after-1.0.0/failure")).outcome == away
    assert UPSCALE_RESULT.validate_python(stored("after-1.0.0/upscaled")) == larger
    assert UPSCALE_RESULT.validate_python(stored("after-1.0.0/upscale-failure")) == late
    assert (paid.outcome.model_id, paid.outcome.dpi, paid.wall_ms) == ("first", (300.0, 300.0), 81.5)


def test_pictures_are_not_stored_with_results() -> None:
    """They are in the picture store; nor is the digest of a key stored."""
    cutout = Cutout("first", Size(1, 1), 0.0, EngineReport("none", "none"))
    larger = UpscaledFile(Size(1, 1), Size(2, 2), True, encoded=b"picture")

    packed = MODEL_RESULT.dump_python(
        ModelResult("first", CutoutFile.of(cutout, b"picture", b"mask"), 1.0), mode="json"
    )
    assert MODEL_RESULT.validate_python(packed).outcome == cutout
    assert "encoded" not in UPSCALE_RESULT.dump_python(larger, mode="json")
