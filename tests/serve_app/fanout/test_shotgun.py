"""The fan-out, with models whose timing the test decides; asyncio only."""

import asyncio
import io
import threading
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from PIL import Image

from cutout.accounts.keys import KeyRecord
from cutout.errors import CutoutError, ModelBusy, ModelUnavailable
from cutout.jobs import Enlargement, Job, Output, Terms, new_id
from cutout.models.spec import ModelSpec
from cutout.models.status import EngineReport, ModelStatus
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.picture import Picture
from cutout.removal import Removal
from cutout.results import C, Cutout, CutoutFile, Failure, Form
from deployments.combiner import Combiner
from deployments.upscaler import Upscaler
from serve_app.fanout.model_statuses import ModelStatuses
from serve_app.fanout.selection import select_models
from serve_app.fanout.shotgun import Shotgun
from tests.support.in_process import Memory, model, registry
from tests.support.patience import HANG_S, skip, when

pytestmark = pytest.mark.anyio


class Scripted:
    """A model that does what the test says, then gives an opaque cutout."""

    def __init__(self, model_id: str, script: Callable[[], Awaitable[None]]) -> None:
        self._model_id = model_id
        self._script = script
        self.asked = self.done = self.cancelled = False

    async def remove(self, picture: Picture, removal: Removal, form: Form[C]) -> C | Failure:
        self.asked = True
        try:
            await self._script()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        self.done = True
        cutout = Cutout(self._model_id, picture.size, 0.5, EngineReport("script", "CPU"))
        return form.picture(cutout, picture.rgba(), None, EncodeSpec())

    async def status(self) -> ModelStatus:
        return ModelStatus("ready")


def fired(scripts: dict[str, Callable[[], Awaitable[None]]], **fields: Any) -> tuple[Shotgun, dict[str, Scripted]]:
    models = {name: Scripted(name, script) for name, script in scripts.items()}
    reg = registry(*(model(name, **fields) for name in scripts))
    return Shotgun(reg, models, Upscaler(EncodeSpec()), Combiner(EncodeSpec()), Memory()), models


def png() -> bytes:
    out = io.BytesIO()
    Image.fromarray(np.full((4, 6, 3), 80, np.uint8)).save(out, "PNG")
    return out.getvalue()


def job(
    shotgun: Shotgun,
    models: tuple[str, ...] = ("all",),
    *,
    image: bytes | Picture | None = None,
    terms: Terms = Terms(),  # noqa: B008 - frozen
    key: KeyRecord | None = None,
    began_s: float | None = None,
    **output: Any,
) -> Job:
    """A complete job; `output` has the fields of an Output."""
    selection = select_models(models, terms, shotgun.statuses, key)
    return Job(new_id(), image or png(), selection, Output(**output), terms, key, began_s=began_s)


async def nothing() -> None:
    """Done at once."""


async def test_all_models_run_at_once() -> None:
    """No model waits for another: each finishes only after all have started."""
    meeting = asyncio.Barrier(3)

    async def meet() -> None:
        await meeting.wait()

    shotgun, _ = fired({"a": meet, "b": meet, "c": meet})

    result = await asyncio.wait_for(shotgun.run(job(shotgun)), HANG_S)

    assert result.status == "completed"
    assert result.total_cost_usd == 1.5


async def test_an_upscale_waits_for_its_own_model_only() -> None:
    """A fast model's cutout is enlarged while a slow model still works."""
    enlarged = asyncio.Event()

    class Watched(Upscaler):
        async def upscale(self, *arguments: Any) -> CutoutFile | Failure:
            done = await super().upscale(*arguments)
            enlarged.set()
            return done

    async def until_enlarged() -> None:
        await asyncio.wait_for(enlarged.wait(), HANG_S)

    models = {
        "fast": Scripted("fast", nothing),
        "slow": Scripted("slow", until_enlarged),
    }
    shotgun = Shotgun(
        registry(model("fast"), model("slow")), models, Watched(EncodeSpec()), Combiner(EncodeSpec()), Memory()
    )

    result = await shotgun.run(job(shotgun, factor=2))

    assert result.status == "completed"
    assert [r.outcome.size.width for r in result.results if isinstance(r.outcome, Cutout)] == [12, 12]


async def test_pixels_are_shared_beside_the_event_loop() -> None:
    """What Ray is given is a copy of every pixel: 300 MB of one, of a small file, would hold up everybody's answer."""
    threads: list[tuple[str, bool]] = []

    def share(value: Any) -> Any:
        threads.append((type(value).__name__, threading.current_thread() is threading.main_thread()))
        return value

    models = {"only": Scripted("only", lambda: asyncio.sleep(0))}
    shotgun = Shotgun(
        registry(model("only")), models, Upscaler(EncodeSpec()), Combiner(EncodeSpec()), Memory(), share=share
    )
    await shotgun.run(job(shotgun))
    await shotgun.upscale(Enlargement("enlarged", png(), 2))

    assert threads == [("Picture", False)] * 2


async def test_a_model_out_of_time_has_the_contracts_text() -> None:
    """A model that does not answer in its time fails with `API timeout after …s`, is cancelled, and costs nothing."""
    shotgun, models = fired({"slow": asyncio.Event().wait, "fast": nothing}, timeout_s=30)  # type: ignore[dict-item]

    running = asyncio.create_task(shotgun.run(job(shotgun)))
    await when(lambda: models["slow"].asked and models["fast"].done)
    skip(30)
    result = await running

    slow, fast = (r.outcome for r in result.results)
    assert isinstance(slow, Failure)
    assert slow.message == "API timeout after 30s"
    assert isinstance(fast, Cutout)
    assert result.status == "partial"
    assert models["slow"].cancelled


@pytest.mark.parametrize("stage", ["a model", "the upscaler"])
async def test_a_request_ends_by_its_time(stage: str) -> None:
    """`limits.request_s` ends what hangs, whichever stage it is and however long the model itself would have."""

    class Hanging(Upscaler):
        async def upscale(self, *_: Any) -> CutoutFile | Failure:
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]

    scripts = {"slow": asyncio.Event().wait if stage == "a model" else nothing}
    models = {name: Scripted(name, script) for name, script in scripts.items()}  # type: ignore[arg-type]
    reg = registry(model("slow", timeout_s=600), request_s=1)
    shotgun = Shotgun(reg, models, Hanging(EncodeSpec()), Combiner(EncodeSpec()), Memory())

    result = await asyncio.wait_for(shotgun.run(job(shotgun, factor=2)), HANG_S)

    failure = result.results[0].outcome
    assert isinstance(failure, Failure)
    assert failure.message == "Not done within the 1 s of a request"


async def test_an_error_becomes_a_failure() -> None:
    """A model's error is its own result and nobody else's."""

    async def busy() -> None:
        raise ModelBusy("Model is busy: its queue is full")

    shotgun, _ = fired({"busy": busy, "fine": nothing})

    result = await shotgun.run(job(shotgun))

    assert [type(r.outcome) for r in result.results] == [Failure, CutoutFile]
    failure = result.results[0].outcome
    assert isinstance(failure, Failure)
    assert (failure.message, failure.unavailable) == ("Model is busy: its queue is full", True)


async def test_a_caller_who_hangs_up_cancels_every_model() -> None:
    """When the request is cancelled, so is each model's work."""
    shotgun, models = fired({"a": asyncio.Event().wait, "b": asyncio.Event().wait})  # type: ignore[dict-item]
    running = asyncio.create_task(shotgun.run(job(shotgun)))
    await when(lambda: all(m.asked for m in models.values()))

    running.cancel()

    with pytest.raises(asyncio.CancelledError):
        await running
    assert all(m.cancelled for m in models.values())


async def test_all_leaves_out_what_is_unavailable() -> None:
    """`all` leaves out a model known to be unavailable, with the reason; asked for by name it is tried."""
    shotgun, models = fired({"absent": nothing, "present": nothing})
    models["absent"].status = lambda: _said(ModelStatus("unavailable", "no weights"))  # type: ignore[method-assign]
    watch = asyncio.create_task(shotgun.statuses.watch())
    while shotgun.statuses.status("absent") is None:
        await asyncio.sleep(0)
    watch.cancel()

    result = await shotgun.run(job(shotgun))
    by_name = await shotgun.run(job(shotgun, ("absent",)))

    assert result.skipped == {"absent": "no weights"}
    assert [r.model_id for r in result.results] == ["present"]
    assert [r.model_id for r in by_name.results] == ["absent"]


async def test_a_model_is_not_asked_while_something_is_missing() -> None:
    """Its status says what; it is looked for again, and the model is asked, which wakes a replica, once it is there."""
    shotgun, models = fired({"absent": nothing, "present": nothing})
    asked, missing = list[str](), {"absent": "no weights"}

    def prepare(spec: ModelSpec) -> None:
        if spec.id in missing:
            raise ModelUnavailable(missing[spec.id])

    async def status(name: str) -> ModelStatus:
        asked.append(name)
        return ModelStatus("ready")

    for name, one in models.items():
        one.status = partial(status, name)  # type: ignore[method-assign]
    reg = shotgun.registry
    statuses = ModelStatuses(reg.models, models, Memory().worths, prepare=prepare, retry_s=0.01)
    watch = asyncio.create_task(statuses.watch())
    await when(lambda: all(statuses.status(name) for name in models))
    first, before = statuses.status("absent"), list(asked)
    missing.clear()
    await when(lambda: "absent" in asked)
    await when(lambda: statuses.status("absent") == ModelStatus("ready"))
    watch.cancel()

    assert (first, before) == (ModelStatus("unavailable", "no weights"), ["present"])


async def test_a_picture_that_cannot_be_read_is_the_requests_error() -> None:
    """A broken picture is refused before any model is asked."""
    shotgun, _ = fired({"a": nothing})

    with pytest.raises(CutoutError, match="Invalid image format"):
        await shotgun.run(job(shotgun, image=b"no picture"))


async def _said(status: ModelStatus) -> ModelStatus:
    return status


async def test_a_deadline_returns_what_is_done() -> None:
    """At the deadline what is done is given back; the rest is a timeout, and its work is cancelled."""
    shotgun, models = fired({"slow": asyncio.Event().wait, "fast": nothing})  # type: ignore[dict-item]

    running = asyncio.create_task(shotgun.run(job(shotgun, terms=Terms(deadline_s=30))))
    await when(lambda: models["slow"].asked and models["fast"].done)
    skip(30)
    result = await running

    slow, fast = (r.outcome for r in result.results)
    assert isinstance(slow, Failure)
    assert slow.message == "Not done by the deadline of 30000 ms"
    assert isinstance(fast, Cutout)
    assert models["slow"].cancelled
