"""The slots of durable jobs among the jobs that a caller may have at a time, from acceptance to the job's end."""

import asyncio
import logging
from collections.abc import Awaitable, Iterable
from functools import partial

from cutout.accounts.rate_limit import JobSlot
from cutout.ledger import Ledger, best_effort

logger = logging.getLogger(__name__)
LEDGER_S = 2.0
"""Longest wait for the ledger, in seconds. One that has restarted has lost its slots, and learns of them by `hold`."""
WARN = partial(logger.warning, "The ledger does not answer, and does not know which jobs are running: %s")


class Slots:
    """Makes the ledger's slots follow the database, which knows the unfinished jobs, whichever of the two restarts."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._turn = asyncio.Lock()
        self._freed = set[str]()
        """Slots of ended jobs that the database may still list as unfinished."""

    async def hold(self, unfinished: Awaitable[Iterable[JobSlot]]) -> None:
        """Take or renew the slots of unfinished jobs. None is freed between reading and taking them."""
        async with self._turn:
            slots = {slot.id: slot for slot in await unfinished}
            self._freed &= slots.keys()
            held = [slots[name] for name in slots.keys() - self._freed]
            await best_effort(self._ledger.hold_slots(held), LEDGER_S, WARN)

    async def free(self, slot: JobSlot | None) -> None:
        """Free a job's slot; nothing happens when it has none, or it is free."""
        if slot is None:
            return
        async with self._turn:
            self._freed.add(slot.id)
            await best_effort(self._ledger.end(slot.id), LEDGER_S, WARN)
