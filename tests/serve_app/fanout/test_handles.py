"""The handles of the ledger and of durable jobs: each method is called by a rule, and every call has an end."""

import asyncio
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from cutout.errors import ServiceUnavailable
from cutout.ledger import Ledger
from cutout.telemetry.job_context import follow
from serve_app.fanout import handles
from serve_app.fanout.fan_out import Model
from serve_app.fanout.handles import Call, combiner_handle, ledger_handle, model_handle, upscaler_handle
from serve_app.fanout.model_calls import Combiner
from serve_app.fanout.second_stage import Upscaler
from serve_app.jobs import handle as jobs
from serve_app.jobs.acceptance import Worker
from serve_app.jobs.handle import jobs_handle
from tests.support.in_process import model
from tests.support.patience import HANG_S

pytestmark = pytest.mark.anyio
HANDLES: dict[type, Callable[[Any], Any]] = {
    Ledger: ledger_handle,
    Worker: jobs_handle,
    Model: lambda handle: model_handle(model("first"), handle),
    Upscaler: upscaler_handle,
    Combiner: combiner_handle,
}
TABLES: dict[str, tuple[Any, Mapping[str, Call], Callable[[Any], Any]]] = {
    "LEDGER_CALLS": (handles, handles.LEDGER_CALLS, ledger_handle),
    "JOBS_CALLS": (jobs, jobs.JOBS_CALLS, jobs_handle),
}


def methods(interface: type) -> set[str]:
    """The public methods of a protocol."""
    return {name for name in dir(interface) if not name.startswith("_")}


@pytest.mark.parametrize("interface", HANDLES)
def test_a_handle_has_the_methods_of_its_interface(interface: type) -> None:
    """Each method of the protocol has a rule, and there is no rule for another."""
    handle = HANDLES[interface](None)

    assert set(handle._calls) == methods(interface)
    with pytest.raises(AttributeError, match="has no method nonesuch"):
        _ = handle.nonesuch


@pytest.mark.parametrize("name", ["remove", "status"])
async def test_a_replica_is_told_the_job_that_it_works_for(name: str) -> None:
    """A call whose rule says so brings the id of the job in whose context it is made; others bring none."""
    seen = list[dict[str, Any]]()

    async def answer() -> None:
        """Nothing."""

    def remote(*_: Any, **named: Any) -> Any:
        seen.append(named)
        return answer()

    replica: Any = SimpleNamespace(**{name: SimpleNamespace(remote=remote)})
    follow("job 7")
    await getattr(model_handle(model("first"), replica), name)()

    assert seen == [{"part_of": "job 7"} if name == "remove" else {}]


class Unanswered:
    """A call that its replica never answers."""

    cancelled = False

    def __await__(self) -> Generator[Any, None, None]:
        yield from asyncio.Event().wait().__await__()

    def cancel(self) -> None:
        self.cancelled = True


@pytest.mark.parametrize(
    ("table", "method"), [(table, method) for table, (_, calls, _) in TABLES.items() for method in calls]
)
async def test_every_call_has_an_end(table: str, method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever is asked of a replica that hangs, the answer is a refusal, and the call is cancelled."""
    module, calls, made = TABLES[table]
    rule = calls[method]
    assert rule.timeout_s is not None
    monkeypatch.setattr(module, table, {method: replace(rule, timeout_s=0.01)})
    call = Unanswered()
    replica: Any = SimpleNamespace(**{method: SimpleNamespace(remote=lambda *_, **__: call)})

    with pytest.raises(ServiceUnavailable):
        await asyncio.wait_for(getattr(made(replica), method)("anything"), HANG_S)

    assert call.cancelled
