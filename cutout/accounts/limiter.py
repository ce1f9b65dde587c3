"""Requests a minute and jobs at a time, counted: a plain class that lives in the one Ledger replica.

Each ingress replica has one of its own beside it, for while that one is away (serve_app/middleware/own_count.py).
"""

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable

from pyrate_limiter import InMemoryBucket, Rate, RateItem

from cutout.accounts.rate_limit import JobSlot, RateLimitDecision
from cutout.accounts.spec import LimitTier

WINDOW_MS = 60_000
CALLERS = 20_000
"""Most callers remembered at once. One more, within a minute, and the one that was quiet longest starts anew."""
SLOT_RETRY_S = 2
"""Wait advised where jobs are too many; nobody knows when one of them ends."""


class Limiter:
    """One true count for any number of ingress replicas. Not for several threads: the Ledger calls it on its loop.

    A window moves: a request counts for the 60 seconds after it. Of the two usual ways only this one keeps both halves
    of the promise. A fixed window lets 120 requests pass within a second, half of them before its border and half
    after. In a moving one no 60 seconds, wherever they begin, have more than the limit, and a request is refused only
    if the limit was reached in the 60 seconds before it. Its price is one time kept for each request, and that
    `reset_unix_s` is not when the whole budget is back but when the next request fits: the oldest one's end, to the
    millisecond what Retry-After says. Refused requests do not count.

    The windows are pyrate-limiter's logs, because they take the time with the request: `now` is a clock in seconds
    that never jumps, and the wall clock is used for nothing but the reset that is shown. A caller is forgotten when his
    window is empty. So memory holds CALLERS at most, with one entry for each request of their last minute, and the
    jobs of the last `lease_s`.

    A job's slot is held until `end`, or until its lease is over: the ingress that began it is dead by then. The worker
    of durable jobs holds theirs anew before that, whatever the limit: they were accepted.
    """

    def __init__(self, lease_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lease_s = lease_s
        self._windows: OrderedDict[tuple[str, int], tuple[InMemoryBucket, int]] = OrderedDict()
        """Window and time of the last request, by caller and limit, the quietest first."""
        self._slots: OrderedDict[str, tuple[str, float]] = OrderedDict()
        """Caller and end of the lease, by job; the first to end comes first, as all leases are equally long."""
        self._jobs: Counter[str] = Counter()
        """Jobs by caller."""

    def __len__(self) -> int:
        """How many windows and slots are remembered."""
        return len(self._windows) + len(self._slots)

    def admit(self, who: str, tier: LimitTier, cost: int = 1) -> RateLimitDecision:
        """Count a request of `who`, unless his tier's minute is full. A `cost` of 0 only looks, and is allowed."""
        now_ms = int(self._now() * 1000)
        window = self._window(who, tier.requests_per_minute, now_ms)
        allowed = window.put(RateItem(who, now_ms, cost))
        used = window.count()
        oldest = window.peek(used - 1)
        # An entry counts up to and with its last millisecond, so the next request fits one later.
        wait_s = (oldest.timestamp + WINDOW_MS + 1 - now_ms) / 1000 if oldest else 0.0
        return _decision(allowed, tier.requests_per_minute, used, wait_s)

    def begin(self, who: str, tier: LimitTier, job_id: str) -> RateLimitDecision:
        """Take a slot for a job of `who`, unless his tier's are all taken. A job that has a slot renews its lease."""
        self.end(job_id)
        now_s = self._now()
        self._end_leases(now_s)
        allowed = self._jobs[who] < tier.concurrent_jobs
        if allowed:
            self._take(who, job_id, now_s)
        return _decision(allowed, tier.concurrent_jobs, self._jobs[who], SLOT_RETRY_S)

    def hold(self, slots: Iterable[JobSlot]) -> None:
        """Have slots taken for a lease from now on, whether they were or not."""
        for slot in slots:
            self.end(slot.id)
            self._take(slot.who, slot.id, self._now())

    def end(self, job_id: str) -> None:
        """Give a job's slot back; a job without one is no fault, as its lease may have ended."""
        slot = self._slots.pop(job_id, None)
        if slot:
            self._jobs[slot[0]] -= 1
            if not self._jobs[slot[0]]:
                del self._jobs[slot[0]]

    def _take(self, who: str, job_id: str, now_s: float) -> None:
        self._slots[job_id] = (who, now_s + self._lease_s)
        self._jobs[who] += 1

    def _end_leases(self, now_s: float) -> None:
        while self._slots:
            job_id, (_, until_s) = next(iter(self._slots.items()))
            if until_s > now_s:
                return
            self.end(job_id)

    def _window(self, who: str, limit: int, now_ms: int) -> InMemoryBucket:
        """The window of a caller, without what has left it; quiet callers are forgotten on the way."""
        known = self._windows.pop((who, limit), None)
        window = known[0] if known else InMemoryBucket([Rate(limit, WINDOW_MS)])
        window.leak(now_ms)
        while self._windows and (self._quiet(now_ms) or len(self._windows) >= CALLERS):
            self._windows.popitem(last=False)
        self._windows[who, limit] = (window, now_ms)
        return window

    def _quiet(self, now_ms: int) -> bool:
        """Whether the quietest caller's window is empty."""
        _, last_ms = next(iter(self._windows.values()))
        return last_ms < now_ms - WINDOW_MS


def _decision(allowed: bool, limit: int, used: int, wait_s: float) -> RateLimitDecision:
    reset_unix_s = math.ceil(time.time() + (wait_s if used else 0))
    retry_after_s = 0 if allowed else max(1, math.ceil(wait_s))
    return RateLimitDecision(allowed, limit, max(0, limit - used), reset_unix_s, retry_after_s)
