"""The ledger: jobs and picks and money in one database, requests counted in memory."""

from collections.abc import Sequence

from cutout.accounts.limiter import Limiter
from cutout.accounts.rate_limit import Admission, JobSlot, RateLimitDecision
from cutout.accounts.spec import LimitTier
from cutout.ledger import Ledger
from cutout.picks.job_record import JobRecord
from cutout.telemetry.metrics import NO_INSTRUMENTS, Instruments
from deployments.budget import Budget
from deployments.picks import Picks
from deployments.records.database import Database


class DatabaseLedger(Picks, Budget, Ledger):
    """The Ledger itself; there is one for any number of ingress replicas. Its methods are described in Ledger."""

    def __init__(
        self, database_url: str, lease_s: float, instruments: Instruments = NO_INSTRUMENTS, owner: str = ""
    ) -> None:
        """`lease_s`: seconds after which a job's slot is free, and a reservation is booked, if nobody said so before.

        `owner` identifies this run of the service; "" where it has no name. Raises ConfigurationError for an address
        that is neither `sqlite:///…` nor `postgresql://…`.
        """
        database = Database(database_url)
        Picks.__init__(self, database, instruments)
        Budget.__init__(self, database, lease_s, instruments, owner)
        self._limiter = Limiter(lease_s)

    async def start(self) -> None:
        """Migrate the database, then book what earlier runs left reserved; raises as `Database.migrate`."""
        await self._database.migrate()
        self.learner.picked()
        await self.book_earlier_runs()

    async def close(self) -> None:
        """Close the database's connections."""
        await self.learner.close()
        await self._database.close()

    async def admit(self, who: str, tier: LimitTier, cost: int) -> RateLimitDecision:
        """See Ledger."""
        return self._limiter.admit(who, tier, cost)

    async def begin(self, who: str, tier: LimitTier, slot_id: str, cost: int) -> Admission:
        """See Ledger."""
        return self._limiter.begin(who, tier, slot_id, cost)

    async def hold_slots(self, slots: Sequence[JobSlot]) -> None:
        """See Ledger."""
        self._limiter.hold_slots(slots)

    async def end(self, slot_id: str, job: JobRecord | None = None) -> None:
        """See Ledger."""
        self._limiter.free_slot(slot_id)
        if job:
            await self.record(job)
