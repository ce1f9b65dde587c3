"""What a caller has left, asked of the limiter. Work does not stand still for it."""

import asyncio
import logging
import time
from collections.abc import Awaitable
from typing import Protocol, TypeVar

from cutout.errors import CutoutError
from cutout.spec import LimitTier
from cutout.verdict import Verdict
from serve_app.callers import Caller

logger = logging.getLogger(__name__)
T = TypeVar("T")
LIMITER_S = 0.25
"""Longest wait for the limiter, in seconds."""
LOG_EVERY_S = 60.0


class Limiter(Protocol):
    """deployments/limiter.py, wherever it lives; CutoutError when it cannot be reached."""

    async def admit(self, who: str, tier: LimitTier, cost: int) -> Verdict:
        """Count a request; with a `cost` of 0 only look."""
        ...

    async def begin(self, who: str, tier: LimitTier, job_id: str) -> Verdict:
        """Take a place for a job."""
        ...

    async def end(self, job_id: str) -> None:
        """Give the place back."""
        ...


class Budgets:
    """The limiter, which may be away for a moment: then there is no verdict, and the log says so once a minute."""

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._ending: set[asyncio.Task[None]] = set()
        self._quiet_until_s = 0.0

    async def admit(self, caller: Caller, cost: int) -> Verdict | None:
        """The verdict on a request; None while the limiter is away."""
        return await self._asked(self._limiter.admit(caller.who, caller.tier, cost))

    async def begin(self, caller: Caller, job_id: str) -> Verdict | None:
        """The verdict on a job; None while the limiter is away, which may have taken a place nevertheless."""
        return await self._asked(self._limiter.begin(caller.who, caller.tier, job_id))

    async def end(self, job_id: str) -> None:
        """Give a job's place back, even where the request that asks is cancelled meanwhile."""
        ending = asyncio.create_task(self._asked(self._limiter.end(job_id)))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        await asyncio.shield(ending)

    async def _asked(self, question: Awaitable[T]) -> T | None:
        try:
            return await asyncio.wait_for(question, LIMITER_S)
        except (CutoutError, TimeoutError) as away:
            if time.monotonic() >= self._quiet_until_s:
                self._quiet_until_s = time.monotonic() + LOG_EVERY_S
                reason = str(away) or f"no answer within {LIMITER_S:g} s"
                logger.warning("The limiter is away, requests go on uncounted: %s", reason)
            return None
