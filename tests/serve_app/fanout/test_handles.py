"""Calls to the ledger and to the worker of jobs, whose replicas never answer: each has an end."""

import asyncio
import inspect
from collections.abc import Generator
from types import SimpleNamespace
from typing import Any

import pytest

from cutout.errors import ServiceUnavailable
from serve_app.fanout import handles
from serve_app.fanout.handles import JobsHandle, LedgerHandle
from tests.support.patience import HANG_S

pytestmark = pytest.mark.anyio
METHODS = [
    (kind, name)
    for kind in (LedgerHandle, JobsHandle)
    for name, _ in inspect.getmembers(kind, inspect.iscoroutinefunction)
]


class Unanswered:
    """A call that its replica never answers."""

    cancelled = False

    def __await__(self) -> Generator[Any, None, None]:
        yield from asyncio.Event().wait().__await__()

    def cancel(self) -> None:
        self.cancelled = True


@pytest.mark.parametrize(("kind", "name"), METHODS, ids=lambda part: getattr(part, "__name__", part))
async def test_every_call_has_an_end(kind: Any, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked of a replica that hangs, the answer is a refusal, and the call is given up."""
    for limit in ("LEDGER_S", "KEPT_S", "CANCEL_S"):
        monkeypatch.setattr(handles, limit, 0.01)
    call = Unanswered()
    replica: Any = SimpleNamespace(**{name: SimpleNamespace(remote=lambda *_, **__: call)})
    method = getattr(kind(replica), name)
    given = [SimpleNamespace(job_id="some job")] * len(inspect.signature(method).parameters)

    with pytest.raises(ServiceUnavailable):
        await asyncio.wait_for(method(*given), HANG_S)

    assert call.cancelled
