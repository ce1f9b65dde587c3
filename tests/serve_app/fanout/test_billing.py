"""What a job costs, and its record, with models whose timing the test decides."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from cutout.accounts.charges import Charge
from cutout.accounts.keys import make_key
from cutout.errors import (
    Forbidden,
    ModelBusy,
    ModelCrashed,
    ModelTimeout,
    ModelUnavailable,
    ResolutionTooHigh,
    ServiceUnavailable,
)
from cutout.jobs import Terms
from cutout.picks.job_record import JobRecord
from cutout.pixels.encoding.encode import encode
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.results import CutoutFile, Failure, Result
from deployments.combiner import Combiner
from deployments.upscaler import Upscaler
from serve_app.fanout import billing
from serve_app.fanout.billing import Billing
from serve_app.fanout.shotgun import Shotgun
from tests.serve_app.fanout.test_shotgun import Scripted, fired, job, nothing
from tests.support.in_process import Memory, model, registry
from tests.support.patience import HANG_S, skip, when

pytestmark = pytest.mark.anyio


async def hanging(shotgun: Shotgun, **fields: Any) -> asyncio.Task[Result]:
    """A job whose model `a`, which never answers, has been asked."""
    running = asyncio.create_task(shotgun.run(job(shotgun, **fields)))
    model: Any = shotgun._calls._models["a"]
    await when(lambda: model.asked)
    return running


def paid(scripts: dict[str, Any], ledger: Memory) -> Shotgun:
    """A shotgun of models of 0.2 USD each, whose scripted cutouts say that they cost 0.5."""
    shotgun, _ = fired(scripts, price_usd=0.2, provider="runware")
    shotgun._billing = Billing(ledger, shotgun.registry)
    return shotgun


async def test_prices_are_set_aside_and_real_costs_booked() -> None:
    """Before the shot each price is set aside; after it what the provider really charged is booked; the job is kept."""
    ledger = Memory()

    shotgun = paid({"a": nothing, "b": nothing}, ledger)
    result = await shotgun.run(job(shotgun))

    assert [(c.model_id, c.usd, c.payers) for c in ledger.reserved] == [
        ("a", 0.2, ("runware",)),
        ("b", 0.2, ("runware",)),
    ]
    assert [(c.model_id, c.usd) for c in ledger.spent] == [("a", 0.5), ("b", 0.5)]
    assert [kept.job_id for kept in ledger.jobs] == [result.job_id]


async def test_a_model_beyond_the_budget_is_left_out() -> None:
    """What a budget refuses does not run and is not booked; the answer has the reason."""
    ledger = Memory()
    ledger.refused = {"b": "the daily ceiling of 1 USD for runware is reached"}

    shotgun = paid({"a": nothing, "b": nothing}, ledger)
    result = await shotgun.run(job(shotgun))

    assert [r.model_id for r in result.results] == ["a"]
    assert result.skipped == ledger.refused
    assert [c.model_id for c in ledger.spent] == ["a"]


async def test_a_budget_that_leaves_nothing_is_503() -> None:
    """When no model is left the request is refused, and nothing is booked."""
    ledger = Memory()
    ledger.refused = {"a": "the daily ceiling of 1 USD for runware is reached"}

    shotgun = paid({"a": nothing}, ledger)
    with pytest.raises(ModelUnavailable, match="the daily ceiling"):
        await shotgun.run(job(shotgun))

    assert ledger.spent == []


async def test_an_abandoned_paid_call_counts_as_spent() -> None:
    """A caller who hangs up, or whose deadline passes, has still spent the price of what was on its way."""
    ledger = Memory()
    running = await hanging(paid({"a": asyncio.Event().wait}, ledger))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    running = await hanging(paid({"a": asyncio.Event().wait}, ledger), terms=Terms(deadline_s=30))
    skip(30)
    late = await running

    assert [c.usd for c in ledger.spent] == [0.2, 0.2]
    assert late.total_cost_usd == 0.2


class Broken(Upscaler):
    """An upscaler that is full, late or dead, as the error says."""

    def __init__(self, error: Exception) -> None:
        super().__init__(EncodeSpec())
        self._error = error

    async def upscale(self, *_: Any) -> CutoutFile | Failure:
        raise self._error


@pytest.mark.parametrize(
    "error", [ModelBusy("full"), ModelTimeout("late"), ModelCrashed("dead"), ModelUnavailable("away"), TimeoutError()]
)
async def test_what_was_paid_is_booked_though_the_upscale_fails(error: Exception) -> None:
    """A paid cutout that cannot be enlarged costs what the provider charged: in the answer and in the ledger."""
    ledger = Memory()
    shotgun = paid({"a": nothing}, ledger)
    shotgun.second_stage._upscaler = Broken(error)

    result = await shotgun.run(job(shotgun, factor=2))

    failed = result.results[0].outcome
    assert isinstance(failed, Failure)
    assert (failed.stage, failed.cost_usd, result.total_cost_usd) == ("upscale", 0.5, 0.5)
    assert [c.usd for c in ledger.spent] == [0.5]


@pytest.mark.parametrize(("form", "side"), [("webp", 4096), ("webp", 8192), ("avif", 16384)])
async def test_a_format_that_cannot_hold_the_result_is_refused_before_anybody_is_paid(form: Any, side: int) -> None:
    """WebP ends at 16,383 pixels a side, AVIF at 65,535: beyond that no model runs and nothing is set aside."""
    ledger = Memory()
    wide = encode(np.zeros((20, side, 3), np.uint8), "png")

    shotgun = paid({"a": nothing}, ledger)
    with pytest.raises(ResolutionTooHigh, match=f"output_format: {form} holds at most"):
        await shotgun.run(job(shotgun, factor=4, format=form, image=wide))

    assert ledger.reserved == ledger.spent == []


class Away(Memory):
    """A ledger that refuses, or never answers."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how
        self.here = asyncio.Event()

    async def _reach(self) -> None:
        if self.how == "hangs":
            await self.here.wait()
        elif not self.here.is_set():
            raise ServiceUnavailable("away")

    async def record(self, job: JobRecord) -> None:
        await self._reach()
        await super().record(job)

    async def reserve(self, hold_id: str, charges: Sequence[Charge], ceilings: Mapping[str, float]) -> dict[str, str]:
        await self._reach()
        return await super().reserve(hold_id, charges, ceilings)

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> None:
        await self._reach()
        await super().settle(hold_id, spent)


@pytest.fixture(params=["raises", "hangs"])
def away(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Away:
    """A ledger that is away, and little patience with it."""
    monkeypatch.setattr(billing, "LEDGER_S", 0.05)
    for name in ("SETTLED_S", "TRY_S", "GAP_S"):
        monkeypatch.setattr(billing, name, 0.05)
    return Away(request.param)


async def test_without_the_ledger_nobody_is_paid(away: Away) -> None:
    """A ledger that refuses or hangs: no model with a price is asked, and the reason is told."""
    ran = list[str]()

    async def run() -> None:
        ran.append("paid")

    shotgun = paid({"a": run}, away)

    with pytest.raises(ModelUnavailable, match="the ledger is away"):
        await asyncio.wait_for(shotgun.run(job(shotgun)), HANG_S)

    assert ran == []


async def test_what_costs_nothing_goes_on_without_the_ledger(away: Away) -> None:
    """Beside a paid model that is left out, one without a price is answered, though no record can be kept."""
    specs = (model("paid", price_usd=0.2, provider="runware"), model("local"))
    models = {spec.id: Scripted(spec.id, nothing) for spec in specs}
    shotgun = Shotgun(registry(*specs), models, Upscaler(EncodeSpec()), Combiner(EncodeSpec()), away)

    result = await asyncio.wait_for(shotgun.run(job(shotgun)), HANG_S)

    assert [one.model_id for one in result.results] == ["local"]
    assert list(result.skipped) == ["paid"]
    assert "the ledger is away" in result.skipped["paid"]


async def test_a_settlement_waits_for_the_ledger(away: Away) -> None:
    """A ledger that goes away after the paid call: the answer comes, and what was spent is booked later."""

    async def leave() -> None:
        away.here.clear()

    away.here.set()
    shotgun = paid({"a": leave}, away)

    result = await asyncio.wait_for(shotgun.run(job(shotgun)), HANG_S)
    booked_before = list(away.spent)
    away.here.set()
    async with asyncio.timeout(HANG_S):
        while not away.spent:
            await asyncio.sleep(0.01)

    assert result.total_cost_usd == 0.5
    assert booked_before == []
    assert [charge.usd for charge in away.spent] == [0.5]


async def test_a_key_may_use_its_own_models_only() -> None:
    """`all` is the key's models; another one by name is 403; what it spends counts against the key as well."""
    ledger, key = Memory(), make_key("Ada", models=["a"])[1]
    shotgun = paid({"a": nothing, "b": nothing}, ledger)

    result = await shotgun.run(job(shotgun, key=key))

    assert [r.model_id for r in result.results] == ["a"]
    assert ledger.spent[0].payers == ("runware", f"key {key.id}")
    with pytest.raises(Forbidden, match="This key may not use b"):
        await shotgun.run(job(shotgun, key=key, models=("b",)))
