"""What jobs really spent, booked as soon as the ledger can: it may be away when a job ends, and the money is gone."""

import asyncio
import logging
from collections.abc import Sequence

from cutout.accounts.charges import Charge
from cutout.errors import CutoutError
from cutout.ledger import Ledger

logger = logging.getLogger(__name__)
WAIT_S = 5.0
"""Longest that an answer waits for its settlement."""
TRY_S = 30.0
"""Longest wait for one try."""
GAP_S, LONGEST_GAP_S = 0.5, 30.0
"""Wait before the second try, doubled each time, and the longest one."""
MOST = 10_000
"""Settlements under way at once. Beyond that the oldest is given up: its hold counts, and is booked at its price."""


class Settlements:
    """Settlements tried until they are committed. What is set aside for them counts meanwhile."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._open: dict[str, asyncio.Task[None]] = {}

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> None:
        """Book what was spent of a hold; returns when it is booked, or after WAIT_S, and then it is tried again."""
        if len(self._open) >= MOST:
            self._open[next(iter(self._open))].cancel()
        self._open[hold_id] = settling = asyncio.create_task(self._until_booked(hold_id, spent))
        settling.add_done_callback(lambda _: self._open.pop(hold_id, None))
        await asyncio.wait({settling}, timeout=WAIT_S)

    async def _until_booked(self, hold_id: str, spent: Sequence[Charge]) -> None:
        gap_s = GAP_S
        while True:
            try:
                async with asyncio.timeout(TRY_S):
                    return await self._ledger.settle(hold_id, spent)
            except (CutoutError, TimeoutError) as away:
                logger.warning("The ledger is away, a job's cost is booked later: %s", away or "no answer")
            await asyncio.sleep(gap_s)
            gap_s = min(2 * gap_s, LONGEST_GAP_S)
