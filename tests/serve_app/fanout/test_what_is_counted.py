"""What is counted when: a provider over real HTTP, its price in the registry, and a ledger on SQLite that books.

Money that may have been charged counts as spent, and nothing else does. The fake charges 0.0006 USD and says so; the
registry's price is 0.0007, so that a row shows which of the two was counted.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from cutout.accounts.charges import Charge
from cutout.errors import CutoutError, ModelBusy, ModelCrashed, NoMemory, ServiceUnavailable, ValidationError
from cutout.jobs import Terms
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.results import Result
from cutout.telemetry.metrics import SPENT, Instruments, RecordedMetrics
from deployments.backends.base import Resources
from deployments.combiner import Combiner
from deployments.ledger import DatabaseLedger
from deployments.records.queries import all_holds
from deployments.upscaler import Upscaler
from serve_app.fanout import billing
from serve_app.fanout.shotgun import Shotgun
from tests.providers.runware import PRICE_USD as STATED
from tests.providers.runware import FakeRunware
from tests.serve_app.fanout.test_billing import Broken
from tests.serve_app.fanout.test_shotgun import Scripted, job
from tests.support.in_process import InProcess, model, registry
from tests.support.patience import HANG_S, skip, when
from tests.support.remote_backends import KEYS, PRICES_USD, picture, served_runware, spec

pytestmark = pytest.mark.anyio
PRICE = PRICES_USD["runware"]
TIMEOUT_S, DEADLINE_S = 60.0, 20.0
LATE = Terms(deadline_s=DEADLINE_S)


@dataclass(frozen=True)
class Case:
    """One picture for a paid model and a local one."""

    booked: float
    """USD."""
    calls: int = 1
    """That the provider gets."""
    says: str = "good"
    """How the provider behaves."""
    passes_s: float = 0.0
    """Seconds that pass once the provider has the call."""
    ends: str = "the models"
    """Who ends it: `the models`, `enough` results, or `the caller`."""
    error: CutoutError | None = None
    """What becomes of the call on its way, in the place of an answer."""
    job: Mapping[str, Any] = field(default_factory=dict)
    ceiling: float = 1.0
    away: str = ""
    """When the ledger is away: `before` the call, or `after` it."""
    upscaler: Exception | None = None


CASES = {
    "success, and the provider names no cost": Case(PRICE, says="no_cost"),
    "success at the provider's own stated charge": Case(STATED),
    "the provider refuses": Case(0, says="bad_request"),
    "an answer that breaks off": Case(PRICE, says="dropped"),
    "an answer without a picture": Case(PRICE, says="truncated"),
    "the model's timeout": Case(PRICE, says="hang", passes_s=TIMEOUT_S),
    "the deadline of the request": Case(PRICE, says="hang", passes_s=DEADLINE_S, job={"terms": LATE}),
    "a deadline that has passed before the call": Case(0, calls=0, job={"terms": LATE, "began_s": -1e9}),
    "called off, since another cutout was enough": Case(PRICE, says="hang", ends="enough"),
    "the caller hangs up": Case(PRICE, says="hang", ends="the caller"),
    "a ceiling that is reached": Case(0, calls=0, ceiling=PRICE / 2),
    "more than max_cost_usd": Case(0, calls=0, job={"terms": Terms(max_cost_usd=PRICE / 2)}, ends="a refusal"),
    "a queue that is full": Case(0, calls=0, error=ModelBusy("full")),
    "a replica that dies with the call": Case(PRICE, calls=0, error=ModelCrashed("dead")),
    "no memory for the answer": Case(PRICE, calls=0, error=NoMemory("no memory")),
    "the second stage fails": Case(STATED, job={"factor": 2}, upscaler=ModelBusy("full")),
    "the second stage is out of time": Case(STATED, job={"factor": 2}, upscaler=TimeoutError()),
    "the ledger is away before the call": Case(0, calls=0, away="before"),
    "the ledger is away after the call": Case(STATED, away="after"),
}


class Away(DatabaseLedger):
    """A ledger on SQLite that cannot be reached for a while."""

    def __init__(self, url: str, when: str, instruments: Instruments) -> None:
        super().__init__(url, 60, instruments)
        self._when = when
        self.here = when != "before"

    def _reach(self) -> None:
        if not self.here:
            raise ServiceUnavailable("away")

    async def reserve(self, hold_id: str, charges: Sequence[Charge], ceilings: Mapping[str, float]) -> dict[str, str]:
        self._reach()
        refused = await super().reserve(hold_id, charges, ceilings)
        self.here = self._when != "after"
        return refused

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> None:
        self._reach()
        await super().settle(hold_id, spent)

    async def settled(self) -> None:
        """Return once nothing is set aside any more."""
        async with asyncio.timeout(HANG_S):
            while await self._holds():
                await asyncio.sleep(0.01)

    async def _holds(self) -> int:
        async with self._database.reading() as connection:
            return len((await connection.execute(all_holds())).all())


@pytest.fixture(scope="module")
def provider() -> Iterator[tuple[FakeRunware, dict[str, Any]]]:
    """A provider, and the options that lead to it."""
    with served_runware() as served:
        yield served


@pytest.fixture(params=CASES, ids=lambda name: name.replace(" ", "-"))
def case(request: pytest.FixtureRequest) -> Case:
    """Each row."""
    return CASES[request.param]


@pytest.fixture
async def counted(
    tmp_path: Path, case: Case, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[Away, RecordedMetrics]]:
    """The ledger of a row, and the money that it counts."""
    for name in ("SETTLED_S", "GAP_S"):
        monkeypatch.setattr(billing, name, 0.02)
    kept = RecordedMetrics()
    ledger = Away(f"sqlite:///{tmp_path}/ledger.sqlite", case.away, kept)
    await ledger.start()
    yield ledger, kept
    await ledger.close()


class Lost:
    """A model's deployment that the call does not come back from."""

    def __init__(self, error: CutoutError) -> None:
        self._error = error

    async def remove(self, *_: Any) -> Any:
        raise self._error


def wired(case: Case, paid: Any, ledger: DatabaseLedger, seen: Any) -> Shotgun:
    """A row's service: the paid model, and a local one."""
    reg = registry(paid._spec, model("local"))
    service = reg.service.model_copy(update={"daily_ceiling_usd": {"runware": case.ceiling}})
    local = Scripted("local", lambda: when(lambda: case.ends != "enough" or seen()))
    models: Any = {paid._spec.id: Lost(case.error) if case.error else paid, "local": local}
    upscaler: Any = Broken(case.upscaler) if case.upscaler else Upscaler(EncodeSpec())
    return Shotgun(reg.model_copy(update={"service": service}), models, upscaler, Combiner(EncodeSpec()), ledger)


async def ended(case: Case, shotgun: Shotgun, seen: Any) -> Result | None:
    """The answer to a row's request, if there is one."""
    enough = (lambda results, _: "local" in results) if case.ends == "enough" else None

    async def run() -> Result:
        return await shotgun.run(job(shotgun, image=picture(), **case.job), enough=enough)

    running = asyncio.create_task(run())
    if case.passes_s or case.ends == "the caller":
        await when(seen)
        skip(case.passes_s)
    if case.ends == "the caller":
        running.cancel()
    if case.ends in ("the caller", "a refusal"):
        with pytest.raises((asyncio.CancelledError, ValidationError)):
            await running
        return None
    return await running


async def test_what_is_counted(
    case: Case,
    provider: tuple[FakeRunware, dict[str, Any]],
    counted: tuple[Away, RecordedMetrics],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What is booked at the end is the row's, and the answer's cost where there is an answer; nothing stays aside."""
    monkeypatch.setenv("RUNWARE_API_KEY", KEYS["RUNWARE_API_KEY"])
    (fake, options), (ledger, kept) = provider, counted
    fake.script.calls.clear()
    fake.script.always("task", case.says)
    paid = InProcess(spec("runware", TIMEOUT_S, **options), Resources(), EncodeSpec(), 60)
    await paid.start()

    def seen() -> Any:
        return fake.script.seen("task")

    result = await ended(case, wired(case, paid, ledger, seen), seen)
    ledger.here = True
    await ledger.settled()
    await paid.close()

    booked, left = sum(kept.values(SPENT)), await ledger.left({"runware": 1.0})
    print(f"\n{len(seen())} calls, {booked:g} USD booked")
    assert len(seen()) == case.calls
    assert booked == pytest.approx(case.booked)
    assert left["runware"] == pytest.approx(1.0 - case.booked)
    if result:
        answered = [one.outcome.cost_usd for one in result.results if one.model_id != "local"]
        assert sum(answered) == pytest.approx(case.booked)
