"""A ledger for tests to inherit from: whatever a test does not expect to be asked for fails it."""

from collections.abc import Mapping, Sequence

from cutout.accounts.charges import Charge
from cutout.accounts.rate_limit import Admission, JobSlot, RateLimitDecision
from cutout.accounts.spec import LimitTier
from cutout.picks.job_record import JobRecord
from cutout.picks.pick import Logged, LoggedPick, Pick
from cutout.picks.statistics import Stats
from cutout.picks.worth import NOTHING, Worths


class UnusedLedger:
    """Every method of `cutout.ledger.Ledger`, none of which may be called but `worths`, which has learned nothing."""

    async def check(self) -> None:
        raise AssertionError

    async def record(self, job: JobRecord) -> None:
        raise AssertionError

    async def select(self, pick: Pick, whose: str | None = None) -> Logged:
        raise AssertionError

    async def stats(self) -> Stats:
        raise AssertionError

    async def worths(self) -> Worths:
        return NOTHING

    async def export(self, after: int = 0, whose: str | None = None) -> tuple[LoggedPick, ...]:
        raise AssertionError

    async def admit(self, who: str, tier: LimitTier, cost: int) -> RateLimitDecision:
        raise AssertionError

    async def begin(self, who: str, tier: LimitTier, slot_id: str, cost: int) -> Admission:
        raise AssertionError

    async def hold_slots(self, slots: Sequence[JobSlot]) -> None:
        raise AssertionError

    async def end(self, slot_id: str, job: JobRecord | None = None) -> None:
        raise AssertionError

    async def reserve(self, hold_id: str, charges: Sequence[Charge], ceilings: Mapping[str, float]) -> dict[str, str]:
        raise AssertionError

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> None:
        raise AssertionError

    async def left(self, ceilings: Mapping[str, float]) -> dict[str, float]:
        raise AssertionError
