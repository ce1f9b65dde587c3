"""What was spent today, and whether more may be, by provider and by API key."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cutout.accounts.charges import Charge
from cutout.telemetry.metrics import SPENT, Instruments
from deployments.records import queries
from deployments.records.database import Database

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(20261129)")
"""Held until the commit, so that two services on one PostgreSQL cannot spend the last of a day's money both."""

CHECK = "check"
"""Id of the reservation that `check` writes and deletes."""


class Budget:
    """The part of the ledger about money; its methods are described in Ledger.

    Reservations are rows of the database: without one, no call is paid. A reservation is deleted in the transaction
    that books what was spent of it, so that it is booked once, however often `settle` is called. One that is not
    settled, because the process that made it died, is booked at its price: the provider may have charged it.
    """

    def __init__(self, database: Database, lease_s: float, instruments: Instruments, owner: str) -> None:
        """`lease_s`: age in seconds at which a reservation is booked; `owner`: this run of the service, or ""."""
        self._database = database
        self._lease_s = lease_s
        self._instruments = instruments
        self._owner = owner
        self._turn = asyncio.Lock()

    async def book_earlier_runs(self) -> None:
        """Book what runs of the service that have ended left reserved.

        Only on SQLite, which one service uses at a time. On PostgreSQL another run may be alive, with calls under way:
        its reservations are booked when their lease ends.
        """
        alone = self._database.dialect == "sqlite"
        async with self._writing() as connection:
            abandoned = await self._book_abandoned(connection, self._owner if alone and self._owner else None)
        self._count(abandoned)

    async def reserve(self, hold_id: str, charges: Sequence[Charge], ceilings: Mapping[str, float]) -> dict[str, str]:
        """See Ledger. Reservations of others whose lease has ended are booked first."""
        async with self._writing() as connection:
            await connection.execute(queries.drop_holds(hold_id))
            abandoned = await self._book_abandoned(connection, None)
            booked, held = await self._booked(connection, set(ceilings)), await _held(connection)
            refused, kept = {}, list[Charge]()
            for charge in charges:
                aside = (*held, *kept)
                full = next((p for p in charge.payers if _left(p, booked, ceilings, aside) < charge.usd), None)
                if full:
                    refused[charge.model_id] = f"the daily ceiling of {ceilings[full]:g} USD for {full} is reached"
                else:
                    kept.append(charge)
            if kept:
                until = time.time() + self._lease_s
                await connection.execute(queries.put_holds(hold_id, kept, self._owner, until))
        self._count(abandoned)
        return refused

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> None:
        """See Ledger."""
        async with self._writing() as connection:
            rows = (await connection.execute(queries.drop_holds(hold_id))).mappings().all()
            held = {row["model_id"] for row in rows}
            booked = tuple(charge for charge in spent if charge.model_id in held)
            await self._book(connection, booked)
        self._count(booked)

    async def check(self) -> None:
        """See Ledger."""
        async with self._writing() as connection:
            await connection.execute(queries.put_holds(CHECK, [Charge("none", 0.0, ())], self._owner, time.time()))
            await connection.execute(queries.drop_holds(CHECK))

    async def left(self, ceilings: Mapping[str, float]) -> dict[str, float]:
        """See Ledger."""
        async with self._database.reading() as connection:
            booked, held = await self._booked(connection, set(ceilings)), await _held(connection)
        return {payer: max(0.0, _left(payer, booked, ceilings, held)) for payer in ceilings}

    async def total(self, payer: str) -> float:
        """USD that a payer has spent on all days; what is reserved counts as spent."""
        async with self._database.reading() as connection:
            booked = float((await connection.execute(queries.total_spending(payer))).scalar_one())
            held = await _held(connection)
        return round(booked + sum(charge.usd for charge in held if payer in charge.payers), 9)

    @asynccontextmanager
    async def _writing(self) -> AsyncIterator[AsyncConnection]:
        async with self._turn, self._database.writing() as connection:
            if self._database.dialect == "postgresql":
                await connection.execute(ONE_AT_A_TIME)
            yield connection

    async def _book_abandoned(self, connection: AsyncConnection, owner: str | None) -> tuple[Charge, ...]:
        rows = (await connection.execute(queries.drop_abandoned(time.time(), owner))).mappings().all()
        charges = tuple(map(queries.charge_of, rows))
        await self._book(connection, charges)
        return charges

    async def _book(self, connection: AsyncConnection, charges: Iterable[Charge]) -> None:
        by_payer: dict[str, float] = {}
        for charge in charges:
            for payer in charge.payers:
                by_payer[payer] = by_payer.get(payer, 0.0) + charge.usd
        for payer, usd in by_payer.items():
            await connection.execute(queries.add_spending(_today(), payer, usd, self._database.dialect))

    def _count(self, booked: Iterable[Charge]) -> None:
        """Add to the metric what was booked, once that is committed."""
        for charge in booked:
            self._instruments.record(SPENT, charge.usd, provider=charge.payers[0], model=charge.model_id)

    async def _booked(self, connection: AsyncConnection, payers: set[str]) -> dict[str, float]:
        rows = (await connection.execute(queries.spending_of(_today(), payers))).all()
        return {row.payer: row.usd for row in rows}


async def _held(connection: AsyncConnection) -> tuple[Charge, ...]:
    rows = (await connection.execute(queries.all_holds())).mappings().all()
    return tuple(map(queries.charge_of, rows))


def _left(payer: str, booked: Mapping[str, float], ceilings: Mapping[str, float], aside: Iterable[Charge]) -> float:
    """USD that a payer may still spend today."""
    if payer not in ceilings:
        return float("inf")
    held = sum(charge.usd for charge in aside if payer in charge.payers)
    return round(ceilings[payer] - booked.get(payer, 0.0) - held, 9)


def _today() -> str:
    return datetime.now(UTC).date().isoformat()
