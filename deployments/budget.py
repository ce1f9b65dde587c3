"""What has been paid today, and whether more may be: per provider and per API key."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from cutout.purse import Charge
from deployments.records import queries
from deployments.records.database import Database


class Budget:
    """Ceilings of a UTC day. Money is set aside before a paid call and booked, as it was really spent, after it.

    What is set aside lives in memory, what is booked in the database: after a restart nothing that was spent is
    forgotten, and nothing stays set aside for a request that died.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._turn = asyncio.Lock()
        self._held: dict[str, tuple[Charge, ...]] = {}
        """By job."""

    async def reserve(self, job_id: str, charges: Sequence[Charge], ceilings: Mapping[str, float]) -> dict[str, str]:
        """Set a job's charges aside; models that a ceiling leaves no money for come back, each with the reason."""
        async with self._turn:
            booked = await self._booked(set(ceilings))
            refused, kept = {}, list[Charge]()
            for charge in charges:
                full = next((p for p in charge.payers if self._left(p, booked, ceilings, kept) < charge.usd), None)
                if full:
                    refused[charge.model_id] = f"the daily ceiling of {ceilings[full]:g} USD for {full} is reached"
                else:
                    kept.append(charge)
            self._held[job_id] = tuple(kept)
            return refused

    async def settle(self, job_id: str, spent: Sequence[Charge]) -> None:
        """Book what a job really spent, and let go of what was set aside for it."""
        async with self._turn:
            self._held.pop(job_id, None)
            by_payer: dict[str, float] = {}
            for charge in spent:
                for payer in charge.payers:
                    by_payer[payer] = by_payer.get(payer, 0.0) + charge.usd
            async with self._database.writing() as connection:
                for payer, usd in by_payer.items():
                    await connection.execute(queries.add_spending(_today(), payer, usd, self._database.dialect))

    async def left(self, ceilings: Mapping[str, float]) -> dict[str, float]:
        """USD that each payer with a ceiling may still spend today; what is set aside is not left."""
        async with self._turn:
            booked = await self._booked(set(ceilings))
            return {payer: max(0.0, self._left(payer, booked, ceilings, ())) for payer in ceilings}

    def _left(
        self, payer: str, booked: Mapping[str, float], ceilings: Mapping[str, float], kept: Sequence[Charge]
    ) -> float:
        """USD that a payer may still spend today."""
        if payer not in ceilings:
            return float("inf")
        held = [charge for charges in self._held.values() for charge in charges]
        aside = sum(charge.usd for charge in (*held, *kept) if payer in charge.payers)
        return round(ceilings[payer] - booked.get(payer, 0.0) - aside, 9)

    async def _booked(self, payers: set[str]) -> dict[str, float]:
        async with self._database.reading() as connection:
            rows = (await connection.execute(queries.spending_of(_today(), payers))).all()
        return {row.payer: row.usd for row in rows}


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
