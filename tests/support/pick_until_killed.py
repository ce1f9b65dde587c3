"""A process that picks until it is killed: `python -m tests.support.pick_until_killed DATABASE_URL`."""

import asyncio
import sys

from deployments.ledger import DatabaseLedger
from tests.support.job_records import job, pick


async def pick_on(ledger: DatabaseLedger) -> None:
    """One job and one pick after the other; says the id of each pick once it was acknowledged."""
    while True:
        made = job("first", "second")
        await ledger.record(made)
        logged = await ledger.select(pick(made.job_id, "second", "portrait"))
        print(logged.selection_id, flush=True)


async def main() -> None:
    """Several at once."""
    ledger = DatabaseLedger(sys.argv[1], lease_s=60)
    await ledger.start()
    await asyncio.gather(*(pick_on(ledger) for _ in range(8)))


if __name__ == "__main__":
    asyncio.run(main())
