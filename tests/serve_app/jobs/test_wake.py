"""Queues that are woken: a job begins when it is accepted, and the next one when a slot is free; nothing is polled."""

import asyncio
import base64
import threading
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any, cast

import pytest

from serve_app.jobs.execution import workflows
from serve_app.jobs.execution.wake import IDLE_S, LOOK_S, Queues, Wake
from tests.support.durable_jobs import client, picture, working
from tests.support.patience import HANG_S, when
from tests.support.webhook_receiver import Receiver

pytestmark = pytest.mark.anyio
NEVER_S = 100 * HANG_S


@pytest.mark.parametrize("end", [False, True])
def test_a_sleep_ends_when_it_is_called(end: bool) -> None:
    """Both threads that sleep go on at once: to look again, or, when it is set, to stop; so do those that come late."""
    wake, told = Wake(), list[bool]()
    sleeping = [threading.Thread(target=lambda: told.append(wake.wait(NEVER_S))) for _ in range(2)]
    for thread in sleeping:
        thread.start()
    (wake.set if end else wake)()
    late = wake.wait(NEVER_S)
    for thread in sleeping:
        thread.join(HANG_S)

    assert [*told, late] == [end] * 3


def test_gaps_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    """A queue that was woken looks again soon, then ever more rarely, and at last as rarely as DBOS was told."""
    now, slept_s = [0.0], list[float]()
    monkeypatch.setattr("serve_app.jobs.execution.wake.time", type("Clock", (), {"monotonic": lambda: now[0]}))
    wake = Wake()

    def sleep(seconds: float) -> None:
        slept_s.append(seconds)
        now[0] += seconds

    monkeypatch.setattr(wake._called, "wait", sleep)
    wake.wait(IDLE_S)
    wake()
    for _ in range(8):
        wake.wait(IDLE_S)

    assert slept_s == pytest.approx([IDLE_S, *(LOOK_S * gap for gap in (1, 1, 2, 4, 8, 16, 32)), IDLE_S])


def test_a_queue_is_woken_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look reads the database: the queues of webhooks and batches sleep on while jobs are sent."""
    looks = SimpleQueue[str]()

    def look(stop: Wake, _dbos: object, queue: Any) -> None:
        while not stop.wait(NEVER_S):
            looks.put(queue.name)

    monkeypatch.setattr("serve_app.jobs.execution.wake.queue_worker_thread", look)
    queues, no_dbos = Queues(), cast("Any", None)
    for name in ("jobs", "webhooks"):
        queues.listen(no_dbos, cast("Any", SimpleNamespace(name=name)))
    queues.wake("jobs")
    seen = {looks.get(timeout=HANG_S)}
    queues.stop()
    while not looks.empty():
        seen.add(looks.get())

    assert seen == {"jobs"}


async def test_jobs_and_webhooks_begin_without_a_poll(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A job begins when it is accepted, the next one when the only slot is free, and each webhook when its job ends.

    Nobody would look at the queues within an hour: they were woken an hour ago.
    """
    now = [0.0]
    monkeypatch.setattr("serve_app.jobs.execution.wake.time", type("Clock", (), {"monotonic": lambda: now[0]}))
    monkeypatch.setattr(workflows, "IDLE_S", NEVER_S)
    async with Receiver() as receiver, working(tmp_path, f"sqlite:///{tmp_path}/jobs.db", concurrency=1) as works:
        works.models["first"].held = asyncio.Event()
        async with client(works) as http:
            for shade in (90, 180):
                body = {"image": base64.b64encode(picture(shade)).decode(), "include_models": ["first"]}
                await http.post("/remove-background", json={**body, "webhook_url": receiver.url})
            await when((tmp_path / "calls").exists)
            now[0] += NEVER_S
            works.models["first"].held.set()
            await receiver.wait_for(2)

    assert works.runs == ["first:90", "first:180"]
