"""The one interface to the ledger: jobs and picks, requests counted, money reserved and spent."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol, TypeVar

from cutout.accounts.charges import Charge
from cutout.accounts.rate_limit import Admission, JobSlot, RateLimitDecision
from cutout.accounts.spec import LimitTier
from cutout.errors import CutoutError, ServiceUnavailable
from cutout.picks.job_record import JobRecord
from cutout.picks.pick import Logged, LoggedPick, Pick
from cutout.picks.statistics import Stats
from cutout.picks.worth import Worths

T = TypeVar("T")


class Ledger(Protocol):
    """Everything of which a service has one true count, in whatever process that is kept.

    Every method raises ServiceUnavailable while the ledger, or the database that it needs, cannot be reached. What a
    method has written to the database is committed once it has returned, and survives a crash; the counts of requests
    and of jobs at a time live in memory, and begin anew with the process.
    """

    async def check(self) -> None:
        """Return once something was written to the database; raises as above when that is not possible now."""

    async def record(self, job: JobRecord) -> None:
        """Store a job, so that a pick can refer to it. A later record of the same job replaces the earlier one."""

    async def select(self, pick: Pick, whose: str | None = None) -> Logged:
        """Store a caller's pick. A second pick for a job replaces the first.

        `whose` is the id of the API key whose jobs may be picked from; None: all jobs. Knowing a job's id is not
        enough: it is part of each result's address.

        Raises:
            NotFound: no such job, or another key's.
            ValidationError: a model that the job did not offer; the message names those that it did.
        """

    async def stats(self) -> Stats:
        """All picks added up, and those of each category, with what was learned from them."""

    async def worths(self) -> Worths:
        """What was learned from picks, in the background, up to a minute ago or so."""

    async def export(self, after: int = 0, whose: str | None = None) -> tuple[LoggedPick, ...]:
        """The next page of picks after the one of that number, oldest first; empty at the end.

        `whose` is the id of the API key whose jobs they belong to; None: all jobs.
        """

    async def admit(self, who: str, tier: LimitTier, cost: int) -> RateLimitDecision:
        """Count a request of a caller, unless the tier's requests per minute are used up.

        `who` is a `Caller.who`. A `cost` of 0 only looks, and is always allowed.
        """

    async def begin(self, who: str, tier: LimitTier, slot_id: str, cost: int) -> Admission:
        """Count a request as `admit` does, and, if it is allowed, take a slot for its job, unless the tier's are taken.

        Taking a slot again renews its lease.
        """

    async def hold_slots(self, slots: Sequence[JobSlot]) -> None:
        """Take or renew the slots of durable jobs, whatever the limit is now: those jobs were accepted."""

    async def end(self, slot_id: str, job: JobRecord | None = None) -> None:
        """Free a slot, and store the job that had it, as `record` does.

        The slot is free, whatever is raised. It may be free already: its lease may have ended.
        """

    async def reserve(self, hold_id: str, charges: Sequence[Charge], ceilings: Mapping[str, float]) -> dict[str, str]:
        """Set money aside before it is spent. The same call made twice reserves once.

        Args:
            hold_id: names the reservation for `settle`.
            charges: one for each model, at its price.
            ceilings: most USD in a UTC day by payer; a payer that is not here has no limit.

        Returns:
            The models that a ceiling leaves no money for, each with the reason. All others are reserved.
        """

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> None:
        """Replace a reservation by what was really spent. Called again, it changes nothing.

        A reservation that is not settled within its lease is booked at its price, as the money may have been spent.
        """

    async def left(self, ceilings: Mapping[str, float]) -> dict[str, float]:
        """USD that each of these payers may still spend today, at least 0; what is reserved counts as spent."""


async def best_effort(call: Awaitable[T], timeout_s: float, warn: Callable[[str], None]) -> T | ServiceUnavailable:
    """What a call returns. When it raises a CutoutError or takes too long, the error is returned instead of raised.

    `warn` logs what follows from that, and is given the reason.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await call
    except CutoutError as error:
        reason = error.message
    except TimeoutError:
        reason = f"no answer within {timeout_s:g} s"
    warn(reason)
    return ServiceUnavailable(reason)
