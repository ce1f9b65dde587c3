"""The limits of callers, counted by the ledger, and by this replica alone while the ledger does not answer in time."""

import asyncio
import logging
import time

from cutout.accounts.limiter import Limiter
from cutout.accounts.rate_limit import Admission, RateLimitDecision
from cutout.errors import ServiceUnavailable
from cutout.ledger import Ledger, best_effort
from cutout.picks.job_record import JobRecord
from serve_app.fanout.billing import LEDGER_S, NOT_RECORDED
from serve_app.middleware.callers import Caller

logger = logging.getLogger(__name__)
LIMITER_S = 0.25
"""Longest wait for the ledger, in seconds."""
LEASE_S = 900.0
"""Lease of a slot in the own count. No request lasts longer, and each frees the slot that it took."""
END_S = 10.0
END_AGAIN_S = (1, 2, 4, 8, 16, 32, 64, 128)
"""Freeing a slot takes END_S at most, and is tried again after each of these waits: together about a slot's lease."""
LOG_EVERY_S = 60.0


class RateLimits:
    """The ledger's decisions, or this replica's own.

    The own count sees every request that the replica lets in, by whichever decision, so it holds the limits from the
    moment on when the ledger is away. Each of several ingress replicas then allows the whole limit.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._own = Limiter(LEASE_S)
        self._ending: set[asyncio.Task[None]] = set()
        self._quiet_until_s = 0.0

    async def admit(self, caller: Caller, cost: int) -> RateLimitDecision:
        """Whether a request is allowed; with a `cost` of 0 it is not counted."""
        who, tier = caller.who, caller.tier
        decision = await best_effort(self._ledger.admit(who, tier, cost), LIMITER_S, self._warn)
        if isinstance(decision, ServiceUnavailable):
            return self._own.admit(who, tier, cost)
        if decision.allowed:  # a refused request does not count
            self._own.admit(who, tier, cost)
        return decision

    def expect(self, caller: Caller) -> bool:
        """Whether one more request is allowed as far as this replica knows; if so, it is in the own count now.

        The caller of this asks the ledger later, by `begin`, or by `admit` when it comes to nothing.
        """
        return self._own.admit(caller.who, caller.tier, 1).allowed

    async def begin(self, caller: Caller, slot_id: str, cost: int) -> Admission:
        """Whether a request is allowed that this replica has counted, and its job; `cost` is 0 if the ledger has, too.

        The slot must be freed in any case: the ledger may take it after the wait.
        """
        who, tier = caller.who, caller.tier
        admission = await best_effort(self._ledger.begin(who, tier, slot_id, cost), LIMITER_S, self._warn)
        if isinstance(admission, ServiceUnavailable):
            return self._own.begin(who, tier, slot_id, 0)
        if admission.slot and admission.slot.allowed:
            self._own.take_slot(who, tier, slot_id)
        return admission

    def hand_over(self, slot_id: str) -> None:
        """Leave a slot to a durable job, which frees it in the ledger; the own count does not have it any more."""
        self._own.free_slot(slot_id)

    async def end(self, slot_id: str, record: JobRecord | None) -> None:
        """Free a slot, and store its job, even if the request that asks for it is cancelled meanwhile.

        Returns when that is done, or else after LIMITER_S, or LEDGER_S with a record, which a pick may soon refer to.
        """
        self._own.free_slot(slot_id)
        ending = asyncio.create_task(self._ended(slot_id, record))
        self._ending.add(ending)
        ending.add_done_callback(self._ending.discard)
        await asyncio.wait({ending}, timeout=LEDGER_S if record else LIMITER_S)

    async def _ended(self, slot_id: str, record: JobRecord | None) -> None:
        """Try until the slot is free: otherwise a busy machine would leave it taken until its lease ends."""
        if record:
            stored = await best_effort(self._ledger.end(slot_id, record), LEDGER_S, NOT_RECORDED)
            if not isinstance(stored, ServiceUnavailable):
                return
        for wait_s in END_AGAIN_S:
            ended = await best_effort(self._ledger.end(slot_id), END_S, self._warn)
            if not isinstance(ended, ServiceUnavailable):
                return
            await asyncio.sleep(wait_s)

    def _warn(self, reason: str) -> None:
        if time.monotonic() >= self._quiet_until_s:
            self._quiet_until_s = time.monotonic() + LOG_EVERY_S
            logger.warning("The ledger does not answer in time; each ingress replica counts by itself: %s", reason)
