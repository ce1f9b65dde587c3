"""What is counted of a provider's calls, each try by itself, and its breaker."""

import asyncio
from typing import Any

import pytest

from cutout.errors import ModelError
from cutout.telemetry.metrics import BREAKER, PROVIDER_CALLS, PROVIDER_SECONDS, RecordedMetrics
from deployments.backends import load_backend
from deployments.backends.base import Resources
from tests.deployments.test_provider import nobody
from tests.support.patience import HANG_S, skip, when
from tests.support.remote_backends import KEYS, picture, served_runware, spec

pytestmark = pytest.mark.anyio
LABELS = {"provider": "runware", "model": "a_runware"}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key is set."""
    for variable, key in KEYS.items():
        monkeypatch.setenv(variable, key)


async def counted(pictures: int, **options: Any) -> RecordedMetrics:
    """What is counted while pictures are sent one after the other, whatever becomes of them."""
    kept = RecordedMetrics()
    backend = load_backend(spec("runware", **options), Resources(instruments=kept))
    backend.open()
    for _ in range(pictures):
        try:
            await backend.remove(picture())
        except ModelError:
            continue
    await backend.close()
    return kept


async def test_each_call_is_counted_by_its_answer() -> None:
    """A picture that is refused once for want of room and taken then is two calls, each with its status and time."""
    with served_runware() as (fake, address):
        fake.script.once("task", "busy_0")
        kept = await counted(1, **address)

    calls = len(fake.script.calls)
    assert kept.values(PROVIDER_CALLS, answer="429", **LABELS) == [1.0]
    assert len(kept.values(PROVIDER_CALLS, answer="200", **LABELS)) == calls - 1
    assert len(kept.values(PROVIDER_SECONDS, **LABELS)) == calls


async def test_calls_without_an_answer() -> None:
    """A provider that hangs is a timeout, one without a connection unreachable, one that breaks off broken."""
    with served_runware() as (fake, address):
        fake.script.always("task", "hang")
        waiting = asyncio.create_task(counted(1, **address))
        await when(lambda: fake.script.calls)
        skip(HANG_S)
        hanging = await waiting
    with served_runware() as (fake, address):
        fake.script.always("task", "dropped")
        torn = await counted(1, **address)
    away = await counted(1, **{**address, "base_url": nobody()})

    assert set(hanging.values(PROVIDER_CALLS, answer="timeout", **LABELS)) == {1.0}
    assert set(torn.values(PROVIDER_CALLS, answer="broken", **LABELS)) == {1.0}
    assert set(away.values(PROVIDER_CALLS, answer="unreachable", **LABELS)) == {1.0}


async def test_the_breakers_state_is_known() -> None:
    """The breaker is closed from the start on, and open once three pictures in a row have failed."""
    with served_runware() as (fake, address):
        fake.script.always("task", "broken")
        kept = await counted(3, **address)

    assert kept.values(BREAKER, **LABELS) == [0.0, 2.0]
