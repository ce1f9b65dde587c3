"""When to come back to a full queue: computed from what is in it, said for each model and for the request."""

import asyncio
import base64
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ray.serve.exceptions import BackPressureError
from starlette.testclient import TestClient

from cutout.errors import ModelBusy, ModelUnavailable, ServiceUnavailable
from cutout.forms import AsFile
from cutout.jobs import Output
from cutout.models.status import EngineReport
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.plain import Size
from cutout.removal import Removal
from cutout.results import Cutout, CutoutPixels
from deployments.combiner import Combiner
from serve_app import contract
from serve_app.app import create_app
from serve_app.fanout import handles
from serve_app.fanout.handles import model_handle, upscaler_handle
from serve_app.fanout.queues import SURE, Queue
from serve_app.fanout.shotgun import Shotgun
from tests.support.durable_jobs import picture
from tests.support.in_process import Memory, model, registry
from tests.support.limited_service import Clock, NearLimiter

pytestmark = pytest.mark.anyio
PNG = picture()


@given(st.integers(1, 8), st.integers(1, 30), st.integers(1, 40), st.integers(0, 300))
def test_the_wait_is_the_queue_by_its_pace(at_once: int, picture_s: int, queued: int, idle_s: int) -> None:
    """`queued` calls at a pace of `at_once` pictures each `picture_s` take what arithmetic says; idle time is none."""
    clock = Clock()
    queue = Queue(clock)
    for _ in range(3):  # the replicas take `at_once` calls together, and then have nothing to do for a while
        with ExitStack() as round_:
            for _ in range(at_once):
                round_.enter_context(queue.calling())
            clock.s += picture_s
        clock.s += idle_s

    with ExitStack() as waiting:
        for _ in range(queued):
            waiting.enter_context(queue.calling())
        wait_s = queue.wait_s()

    assert wait_s == max(1, -(-queued * picture_s // at_once))


def test_a_pace_that_changes() -> None:
    """The pace is that of the latest calls: a second replica halves the wait, a stall makes it longer."""
    clock = Clock()
    queue = Queue(clock)

    def wait_s(of: int) -> int | None:
        with ExitStack() as waiting:
            for _ in range(of):
                waiting.enter_context(queue.calling())
            return queue.wait_s()

    for _ in range(100):
        with queue.calling():
            clock.s += 2
    slow = wait_s(10)
    for _ in range(100):
        with queue.calling():
            clock.s += 1
    fast = wait_s(10)
    with queue.calling():
        clock.s += 64
        stalled = queue.wait_s()

    assert (slow, fast) == (20, 10)
    assert stalled == 2


def test_what_was_refused_is_no_work() -> None:
    """A call that was refused does not make the queue look quick, and before the first answer no pace is known."""
    clock = Clock()
    queue = Queue(clock)
    with queue.calling():
        assert queue.wait_s() is None
        clock.s += 10
    for _ in range(50):
        with pytest.raises(ModelBusy), queue.calling():
            raise ModelBusy("full")

    with queue.calling():
        assert queue.wait_s() == 10


class Full:
    """A deployment that does a call in no time, and then refuses every other one."""

    def __init__(self, first: Any) -> None:
        self.first = first

    def __getattr__(self, _: str) -> "Full":
        return self

    def remote(self, *_: Any, **__: Any) -> Awaitable[Any]:
        async def answer() -> Any:
            first, self.first = self.first, None
            if first is None:
                raise BackPressureError(4, 4)
            return first

        return asyncio.ensure_future(answer())


async def test_a_handle_says_when() -> None:
    """What Serve refuses for a full queue has the wait in its details, of a model and of the upscaler alike."""
    known = Cutout("first", Size(1, 1), 0.0, EngineReport("none", "none"))
    cutout = CutoutPixels.of(known, np.zeros((1, 1, 4), np.uint8), None)
    upscaler = upscaler_handle(Full(cutout))
    handle = model_handle(model("first"), Full(cutout))
    calls: list[Callable[[], Awaitable[Any]]] = [
        lambda: handle.remove(None, Removal(), AsFile("png")),
        lambda: upscaler.upscale(cutout, Output(factor=2), None, None),
    ]
    for call in calls:
        await call()
        with pytest.raises(ModelBusy) as refused:
            await call()

        assert refused.value.details == {"retry_after_s": 1}


async def test_no_call_is_sent_that_has_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a deployment and its queue hold is let in, and after an answer as many again; more is not sent at all."""
    monkeypatch.setattr(handles, "room", lambda _: 2)
    sent: list[asyncio.Future[None]] = []

    def remote(*_: Any, **__: Any) -> Awaitable[None]:
        sent.append(asyncio.get_running_loop().create_future())
        return sent[-1]

    replica: Any = SimpleNamespace(remove=SimpleNamespace(remote=remote))
    handle = model_handle(model("first"), replica)
    for _ in range(2):
        calls = [asyncio.create_task(handle.remove(None, Removal(), AsFile("png"))) for _ in range(4)]
        refused = await asyncio.gather(*calls[2:], return_exceptions=True)

        assert [str(refusal) for refusal in refused] == ["First is busy: its queue is full"] * 2
        assert len(sent) == 2
        while sent:
            sent.pop().set_result(None)
        await asyncio.gather(*calls[:2])


class Slow:
    """A deployment whose calls take ten seconds each of a queue's clock."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.calls = clock, 0

    def __getattr__(self, _: str) -> "Slow":
        return self

    def remote(self, *_: Any, **__: Any) -> Awaitable[Any]:
        async def answer() -> Any:
            self.calls += 1
            self.clock.s += 10
            return None

        return asyncio.ensure_future(answer())


async def test_what_would_be_too_late_is_refused_now() -> None:
    """Once the pace is known for sure, a picture behind a queue longer than the model's time is not sent, but told."""
    clock = Clock()
    slow, queue = Slow(clock), Queue(clock)
    handle = model_handle(model("slow", timeout_s=60), slow, queue)
    with ExitStack() as waiting:
        for _ in range(7):
            waiting.enter_context(queue.calling())  # 7 x 10 s before it
        for _ in range(SURE):
            await handle.remove(None, Removal(), AsFile("png"))
        with pytest.raises(ModelBusy, match=r"^Slow is busy: what is queued takes 70 s, .* has 60 s$") as told:
            await handle.remove(None, Removal(), AsFile("png"))
    await handle.remove(None, Removal(), AsFile("png"))

    assert told.value.details == {"retry_after_s": 70}
    assert slow.calls == SURE + 1


class Refusing:
    """A model that has no room for anything."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def remove(self, *_: object) -> Cutout:
        raise self._error

    async def upscale_picture(self, *_: object) -> Cutout:
        raise self._error


def answered(path: str, *errors: Exception, **fields: Any) -> Any:
    """What a service answers whose models, and its upscaler, refuse so."""
    reg = registry(*(model(f"m{number}") for number in range(len(errors))))
    models = {f"m{number}": Refusing(error) for number, error in enumerate(errors)}
    shotgun = Shotgun(reg, models, Refusing(errors[0]), Combiner(EncodeSpec()), Memory())  # type: ignore[arg-type]
    client = TestClient(create_app(shotgun, NearLimiter(Clock())))
    return client.post(path, json={"image": base64.b64encode(PNG).decode(), **fields})


@pytest.mark.parametrize("path", ["/remove-background", "/process"])
async def test_the_request_says_when_the_first_model_has_room(path: str) -> None:
    """A request that no model has room for is 503 with the shortest of the models' waits, and each model's own."""
    waits: tuple[dict[str, Any], ...] = ({"retry_after_s": 40}, {"retry_after_s": 12.2}, {})

    answer = answered(path, *(ModelBusy("full", wait) for wait in waits))

    contract.FailedJobBody.model_validate(answer.json())
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "13"
    assert answer.json()["error"]["details"]["retry_after_s"] == 13
    assert [result.get("retry_after_s") for result in answer.json()["results"]] == [40, 13, None]


async def test_an_upscaler_without_room() -> None:
    """A full queue of the upscaler is 503 with the wait as well."""
    answer = answered("/upscale", ModelBusy("full", {"retry_after_s": 7}))

    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "7"


async def test_when_nobody_knows() -> None:
    """Another refusal that passes says five seconds, or when the model is looked for again."""
    away = answered("/upscale", ServiceUnavailable("away"))
    unknown = answered("/remove-background", ModelBusy("full"))
    missing = answered("/remove-background", ModelUnavailable("no weights", {"retry_after_s": 60}))

    assert [answer.headers["Retry-After"] for answer in (away, unknown, missing)] == ["5", "5", "60"]
    assert {answer.status_code for answer in (away, unknown, missing)} == {503}
