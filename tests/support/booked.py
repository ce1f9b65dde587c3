"""What a ledger has of a payer's money, read from its database: of a service that runs, or has died."""

import asyncio

from sqlalchemy import func, select

from deployments.records.database import Database
from deployments.records.queries import all_holds
from deployments.records.tables import spending


def booked_usd(database_url: str, payer: str) -> float:
    """What is booked, on whatever day, and what is set aside for calls whose end is not known yet."""
    return asyncio.run(_booked_usd(database_url, payer))


async def _booked_usd(database_url: str, payer: str) -> float:
    database = Database(database_url)
    try:
        async with database.reading() as connection:
            spent = await connection.execute(select(func.sum(spending.c.usd)).where(spending.c.payer == payer))
            held = (await connection.execute(all_holds())).all()
            return float(spent.scalar() or 0.0) + float(sum(row.usd for row in held if payer in row.payers))
    finally:
        await database.close()
