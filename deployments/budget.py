"""What has been paid today, and whether more may be: per provider and per API key."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from cutout.accounts.charges import Charge
from deployments.records import queries
from deployments.records.database import Database

ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(20261129)")
"""Held until the commit, so that two services on one PostgreSQL cannot spend the last of a day's money both."""

CHECK = "check"
"""The hold that is none."""


class Budget:
    """Ceilings of a UTC day. Money is set aside before a paid call and booked, as it was really spent, after it.

    Both lie in the database: no hold kept, no paid call. A hold is let go in the transaction that books what came of
    it, and books once only, however often it is asked to. One that nobody settles, because who held it has died, is
    booked at its price: a call that was begun and whose end is unknown may have been charged.
    """

    def __init__(self, database: Database, lease_s: float, owner: str = "") -> None:
        """`lease_s`: after so many seconds a hold is booked; `owner`: this run of the service, "" where it has none."""
        self._database = database
        self._lease_s = lease_s
        self._owner = owner
        self._turn = asyncio.Lock()

    async def start(self) -> tuple[Charge, ...]:
        """Book what runs of the service that have ended have left; gives what was booked. Raises as `reserve`.

        On PostgreSQL another run may be alive, and have calls on their way: there what was left waits for its lease.
        """
        alone = self._database.dialect == "sqlite"
        async with self._writing() as connection:
            return await self._book_abandoned(connection, self._owner if alone and self._owner else None)

    async def reserve(
        self, hold_id: str, charges: Sequence[Charge], ceilings: Mapping[str, float]
    ) -> tuple[dict[str, str], tuple[Charge, ...]]:
        """Set charges aside; models that a ceiling leaves no money for come back, each with the reason.

        Beside them come charges of others that were booked meanwhile. Sent again it is the same hold.

        Raises:
            ServiceUnavailable: the database cannot be written; nothing may be spent.
        """
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
        return refused, abandoned

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> tuple[Charge, ...]:
        """Book what was really spent of a hold, and let go of it; gives what was booked.

        Sent again, or after the hold was booked at its price, it changes nothing.

        Raises:
            ServiceUnavailable: the database cannot be written; the hold stays.
        """
        async with self._writing() as connection:
            rows = (await connection.execute(queries.drop_holds(hold_id))).mappings().all()
            held = {row["model_id"] for row in rows}
            booked = tuple(charge for charge in spent if charge.model_id in held)
            await self._book(connection, booked)
        return booked

    async def check(self) -> None:
        """Write something, and take it away again; raises ServiceUnavailable when that cannot be."""
        async with self._writing() as connection:
            await connection.execute(queries.put_holds(CHECK, [Charge("none", 0.0, ())], self._owner, time.time()))
            await connection.execute(queries.drop_holds(CHECK))

    async def left(self, ceilings: Mapping[str, float]) -> dict[str, float]:
        """USD that each payer with a ceiling may still spend today; what is set aside is not left."""
        async with self._database.reading() as connection:
            booked, held = await self._booked(connection, set(ceilings)), await _held(connection)
        return {payer: max(0.0, _left(payer, booked, ceilings, held)) for payer in ceilings}

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
