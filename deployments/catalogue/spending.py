"""The money of a catalogue: reserved before a provider is asked, settled after, in one place for all its processes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace

from cutout.accounts.charges import Charge
from cutout.telemetry.metrics import NO_INSTRUMENTS
from deployments.budget import Budget
from deployments.records.database import Database

LEASE_S = 900.0
"""Age at which a reservation counts as spent: longer than any model works on a picture."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a catalogue may spend."""

    most_usd: float | None
    """In all, over all its starts; None: no limit of its own."""
    daily_usd: Mapping[str, float]
    """By provider and UTC day."""


class Spending:
    """The money of one catalogue, in the ledger's tables and by the ledger's rules; see Budget."""

    def __init__(self, database_url: str, catalogue: str, limits: Limits, owner: str) -> None:
        """`catalogue` is a Plan's id; `owner` identifies this start of it."""
        self._database = Database(database_url)
        self._budget = Budget(self._database, LEASE_S, NO_INSTRUMENTS, owner)
        self._payer = f"catalogue {catalogue}"
        self._limits = limits
        self._turn = asyncio.Lock()

    async def start(self) -> None:
        """Migrate the database, and book what a start that was killed left reserved."""
        await self._database.migrate()
        await self._budget.book_earlier_runs()

    async def reserve(self, hold_id: str, charge: Charge) -> str | None:
        """Set a price aside.

        Returns:
            Why it is refused; None: it is reserved.
        """
        async with self._turn:
            most_usd = self._limits.most_usd
            if most_usd is not None and round(await self.spent_usd() + charge.usd, 6) > most_usd:
                return f"--max-cost-usd {most_usd:g} leaves no money for it"
            refused = await self._budget.reserve(hold_id, [self._own(charge)], self._limits.daily_usd)
        return refused.get(charge.model_id)

    async def settle(self, hold_id: str, charge: Charge) -> None:
        """Replace a reservation by what was really spent."""
        await self._budget.settle(hold_id, [self._own(charge)])

    async def spent_usd(self) -> float:
        """What all starts of the catalogue have spent, or have reserved."""
        return await self._budget.total(self._payer)

    def _own(self, charge: Charge) -> Charge:
        return replace(charge, payers=(*charge.payers, self._payer))
