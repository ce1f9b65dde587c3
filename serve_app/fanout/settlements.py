"""Settlements of reservations, repeated until the ledger has them: it may be away when a job ends, money spent."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from cutout.accounts.charges import Charge
from cutout.errors import ServiceUnavailable
from serve_app.fanout.best_effort import best_effort

logger = logging.getLogger(__name__)
WAIT_S = 5.0
"""Longest time that a response waits for its settlement."""
TRY_S = 30.0
"""Longest wait for one try."""
GAP_S, LONGEST_GAP_S = 0.5, 30.0
"""Wait before the second try, doubled each time, and the longest one."""
MOST = 10_000
"""Most settlements under way. Beyond it the oldest is given up: its reservation is booked at its price."""
WARN = partial(logger.warning, "The ledger does not answer; a job's cost is booked later: %s")


class Settlements:
    """The settlements that are not booked yet. Until they are, their reservations count as spent."""

    def __init__(self, settle: Callable[[str, Sequence[Charge]], Awaitable[None]]) -> None:
        """`settle` is the ledger's."""
        self._settle = settle
        self._open: dict[str, asyncio.Task[None]] = {}

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> None:
        """Book what was spent of a reservation; returns when that is done, or after WAIT_S while it is still tried."""
        if len(self._open) >= MOST:
            self._open[next(iter(self._open))].cancel()
        self._open[hold_id] = settling = asyncio.create_task(self._until_booked(hold_id, spent))
        settling.add_done_callback(lambda _: self._open.pop(hold_id, None))
        await asyncio.wait({settling}, timeout=WAIT_S)

    async def _until_booked(self, hold_id: str, spent: Sequence[Charge]) -> None:
        gap_s = GAP_S
        while isinstance(await best_effort(self._settle(hold_id, spent), TRY_S, WARN), ServiceUnavailable):
            await asyncio.sleep(gap_s)
            gap_s = min(2 * gap_s, LONGEST_GAP_S)
