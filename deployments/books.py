"""Everything of which there must be one true number: jobs and picks, requests counted, money spent."""

from collections.abc import Mapping, Sequence

from cutout.accounts.charges import Charge
from cutout.accounts.limiter import Limiter
from cutout.accounts.rate_limit import JobSlot, RateLimitDecision
from cutout.accounts.spec import LimitTier
from cutout.picks.records import Logged, Pick
from cutout.telemetry.metrics import NO_INSTRUMENTS, PICKS, SPENT, Instruments
from deployments.budget import Budget
from deployments.ledger import Ledger


class Books(Ledger):
    """The ledger, with the count of requests and the budgets beside it; one replica for any number of ingresses."""

    def __init__(
        self, database_url: str, lease_s: float, instruments: Instruments = NO_INSTRUMENTS, owner: str = ""
    ) -> None:
        """`lease_s`: how long a job keeps its caller's slot, and its money, in seconds, when nobody gives them back.

        `owner` is this run of the service: what an earlier one has set aside on SQLite is booked at the start.
        """
        super().__init__(database_url)
        self._limiter = Limiter(lease_s)
        self._budget = Budget(self._database, lease_s, owner)
        self._instruments = instruments

    async def start(self) -> None:
        """Bring the tables up to date, and book what a run that has died was in the middle of; see Ledger."""
        await super().start()
        self._count(await self._budget.start())

    async def check(self) -> None:
        """Return when what must be kept can be; raises ServiceUnavailable when the database cannot be written."""
        await self._budget.check()

    async def select(self, pick: Pick, whose: str | None = None) -> Logged:
        """Keep the caller's pick, and count it; see Ledger."""
        logged = await super().select(pick, whose)
        self._instruments.record(PICKS, model=pick.selected_model_id)
        return logged

    async def admit(self, who: str, tier: LimitTier, cost: int) -> RateLimitDecision:
        """Count a request; see Limiter."""
        return self._limiter.admit(who, tier, cost)

    async def begin(self, who: str, tier: LimitTier, job_id: str) -> RateLimitDecision:
        """Take a slot for a job; see Limiter."""
        return self._limiter.begin(who, tier, job_id)

    async def hold(self, slots: Sequence[JobSlot]) -> None:
        """Have the slots of durable jobs taken; see Limiter."""
        self._limiter.hold(slots)

    async def end(self, job_id: str) -> None:
        """Give the slot back; see Limiter."""
        self._limiter.end(job_id)

    async def reserve(self, hold_id: str, charges: Sequence[Charge], ceilings: Mapping[str, float]) -> dict[str, str]:
        """Set charges aside; see Budget."""
        refused, abandoned = await self._budget.reserve(hold_id, charges, ceilings)
        self._count(abandoned)
        return refused

    async def left(self, ceilings: Mapping[str, float]) -> dict[str, float]:
        """What may still be spent today; see Budget."""
        return await self._budget.left(ceilings)

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> None:
        """Book what was really spent; see Budget."""
        self._count(await self._budget.settle(hold_id, spent))

    def _count(self, booked: Sequence[Charge]) -> None:
        for charge in booked:
            self._instruments.record(SPENT, charge.usd, provider=charge.payers[0], model=charge.model_id)
