"""The work of a process that picks until it is killed."""

import asyncio
from multiprocessing.connection import Connection

from deployments.ledger import DatabaseLedger
from tests.support.job_records import job, pick


def pick_until_killed(database_url: str, said: "Connection[str, None]") -> None:
    """Several at once; says the id of each pick once it was acknowledged."""
    asyncio.run(_pick(database_url, said))


async def _pick(database_url: str, said: "Connection[str, None]") -> None:
    ledger = DatabaseLedger(database_url, lease_s=60)
    await ledger.start()
    await asyncio.gather(*(_pick_on(ledger, said) for _ in range(8)))


async def _pick_on(ledger: DatabaseLedger, said: "Connection[str, None]") -> None:
    """One job and one pick after the other."""
    while True:
        made = job("first", "second")
        await ledger.record(made)
        logged = await ledger.select(pick(made.job_id, "second", "portrait"))
        said.send(logged.selection_id)
