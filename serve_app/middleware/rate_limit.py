"""What a caller has left, asked of the limiter. Work does not stand still for it, and limits hold without it."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import TypeVar

from cutout.accounts.rate_limit import RateLimitDecision
from cutout.errors import CutoutError
from cutout.ledger import Ledger
from serve_app.middleware.callers import Caller
from serve_app.middleware.own_count import OwnCount

logger = logging.getLogger(__name__)
T = TypeVar("T")
LIMITER_S = 0.25
"""Longest wait for the limiter, in seconds."""
END_S = 10.0
END_AGAIN_S = (1, 2, 4, 8, 16, 32, 64, 128)
"""A slot is given back within END_S, or after these seconds again; about as long as its lease."""
LOG_EVERY_S = 60.0


class RateLimits:
    """The limiter, which may be away or slow: then this replica counts by itself, and the log says so once a minute."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._own = OwnCount()
        self._ending: set[asyncio.Task[None]] = set()
        self._quiet_until_s = 0.0

    async def admit(self, caller: Caller, cost: int) -> RateLimitDecision:
        """The verdict on a request."""
        said = await self._asked(self._ledger.admit(caller.who, caller.tier, cost))
        return self._own.admit(caller, cost, said)

    async def begin(self, caller: Caller, job_id: str) -> RateLimitDecision:
        """The verdict on a job; the limiter, where it is away, may have taken a slot nevertheless."""
        said = await self._asked(self._ledger.begin(caller.who, caller.tier, job_id))
        return self._own.begin(caller, job_id, said)

    def let_go(self, job_id: str) -> None:
        """A durable job has the slot from now on, and gives it back."""
        self._own.end(job_id)

    async def end(self, job_id: str) -> None:
        """Give a job's slot back, even where the request that asks is cancelled meanwhile."""
        self._own.end(job_id)
        ending = asyncio.create_task(self._ended(job_id))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        await asyncio.wait({ending}, timeout=LIMITER_S)

    async def _ended(self, job_id: str) -> None:
        """Ask until the slot is given back: on a busy machine it would otherwise be taken for as long as its lease."""
        for wait_s in END_AGAIN_S:
            try:
                await asyncio.wait_for(self._ledger.end(job_id), END_S)
            except (CutoutError, TimeoutError) as away:
                self._say(away)
                await asyncio.sleep(wait_s)
            else:
                return

    async def _asked(self, question: Awaitable[T]) -> T | None:
        try:
            return await asyncio.wait_for(question, LIMITER_S)
        except (CutoutError, TimeoutError) as away:
            self._say(away)
            return None

    def _say(self, away: Exception) -> None:
        if time.monotonic() >= self._quiet_until_s:
            self._quiet_until_s = time.monotonic() + LOG_EVERY_S
            reason = str(away) or "no answer in time"
            logger.warning("The limiter is away, each ingress replica counts by itself: %s", reason)
