"""The slots of durable jobs among those that their callers may have at work at a time, until they have ended."""

import asyncio
import logging
from collections.abc import Awaitable, Iterable

from cutout.accounts.rate_limit import JobSlot
from cutout.errors import CutoutError
from cutout.ledger import Ledger

logger = logging.getLogger(__name__)
COUNT_S = 2.0
"""Longest wait for the limiter, in seconds. One that is away longer has lost its slots with its memory."""


class Slots:
    """Whose jobs are not done is known by the database; the limiter's count follows it, whichever of both dies."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._turn = asyncio.Lock()
        self._freed = set[str]()
        """Slots of jobs that have ended, and that the database may still have among the unfinished."""

    async def hold(self, unfinished: Awaitable[Iterable[JobSlot]]) -> None:
        """Hold the slots of jobs that are not done; none is given back between reading and holding them."""
        async with self._turn:
            slots = {slot.id: slot for slot in await unfinished}
            self._freed &= slots.keys()
            await self._asked(self._ledger.hold([slots[name] for name in slots.keys() - self._freed]))

    async def free(self, slot: JobSlot | None) -> None:
        """Give a job's slot back; again, or for a job that has none, it changes nothing."""
        if slot is None:
            return
        async with self._turn:
            self._freed.add(slot.id)
            await self._asked(self._ledger.end(slot.id))

    async def _asked(self, question: Awaitable[None]) -> None:
        try:
            await asyncio.wait_for(question, COUNT_S)
        except (CutoutError, TimeoutError) as away:
            logger.warning("The limiter is away, and does not know of the jobs at work: %s", away or "no answer")
