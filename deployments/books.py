"""Everything of which there must be one true number: jobs and picks, requests counted, money spent."""

from collections.abc import Mapping, Sequence

from cutout.instruments import NO_INSTRUMENTS, PICKS, SPENT, Instruments
from cutout.purse import Charge
from cutout.records import Logged, Pick
from cutout.spec import LimitTier
from cutout.verdict import Place, Verdict
from deployments.budget import Budget
from deployments.ledger import Ledger
from deployments.limiter import Limiter


class Books(Ledger):
    """The ledger, with the count of requests and the budgets beside it; one replica for any number of ingresses."""

    def __init__(self, database_url: str, lease_s: float, instruments: Instruments = NO_INSTRUMENTS) -> None:
        """`lease_s`: how long a job keeps its caller's place, in seconds, when nobody gives it back."""
        super().__init__(database_url)
        self._limiter = Limiter(lease_s)
        self._budget = Budget(self._database)
        self._instruments = instruments

    async def select(self, pick: Pick) -> Logged:
        """Keep the caller's pick, and count it; see Ledger."""
        logged = await super().select(pick)
        self._instruments.record(PICKS, model=pick.selected_model_id)
        return logged

    async def admit(self, who: str, tier: LimitTier, cost: int) -> Verdict:
        """Count a request; see Limiter."""
        return self._limiter.admit(who, tier, cost)

    async def begin(self, who: str, tier: LimitTier, job_id: str) -> Verdict:
        """Take a place for a job; see Limiter."""
        return self._limiter.begin(who, tier, job_id)

    async def hold(self, places: Sequence[Place]) -> None:
        """Have the places of durable jobs taken; see Limiter."""
        self._limiter.hold(places)

    async def end(self, job_id: str) -> None:
        """Give the place back; see Limiter."""
        self._limiter.end(job_id)

    async def reserve(self, job_id: str, charges: Sequence[Charge], ceilings: Mapping[str, float]) -> dict[str, str]:
        """Set charges aside; see Budget."""
        return await self._budget.reserve(job_id, charges, ceilings)

    async def left(self, ceilings: Mapping[str, float]) -> dict[str, float]:
        """What may still be spent today; see Budget."""
        return await self._budget.left(ceilings)

    async def settle(self, job_id: str, spent: Sequence[Charge]) -> None:
        """Book what was really spent; see Budget."""
        await self._budget.settle(job_id, spent)
        for charge in spent:
            self._instruments.record(SPENT, charge.usd, provider=charge.payers[0], model=charge.model_id)
