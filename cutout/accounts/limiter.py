"""Requests per minute and jobs at a time by caller, counted in memory.

One Limiter in the ledger counts for the whole service. Each ingress replica has one of its own beside it, which decides
while the ledger cannot be reached (serve_app/middleware/rate_limit.py).
"""

import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable

from pyrate_limiter import InMemoryBucket, Rate, RateItem

from cutout.accounts.rate_limit import Admission, JobSlot, RateLimitDecision
from cutout.accounts.spec import LimitTier

WINDOW_MS = 60_000
CALLERS = 20_000
"""Most callers remembered. Beyond it, the caller whose last request is oldest is forgotten, and starts with a full
budget."""
SLOT_RETRY_S = 2
"""Retry-After for a caller whose slots are all taken; when one will be free is not known."""


class Limiter:
    """Counts of requests and jobs. Not thread-safe: the ledger calls it on its event loop.

    The window slides: a request counts for the 60 seconds after it. So no 60 seconds, wherever they begin, have more
    requests than the limit (a fixed window lets twice as many pass around its border), and a request is refused only
    if the limit was reached in the 60 seconds before it. Refused requests do not count. The price is one stored time
    for each request, and that `reset_unix_s` is when the oldest request leaves the window and the next one fits, not
    when the whole budget is back.

    pyrate-limiter keeps the windows, because it takes the time of each request as an argument: `now` is a monotonic
    clock in seconds, and the wall clock is used for `reset_unix_s` alone. A caller is forgotten once the window is
    empty, so memory is bounded by CALLERS windows of one minute's requests and by the slots of the last `lease_s`.

    A slot is taken until `free_slot`, or until its lease ends because the ingress that took it has died. Slots of
    durable jobs are renewed in time by their worker, whatever the limit is then.
    """

    def __init__(self, lease_s: float, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lease_s = lease_s
        self._windows: OrderedDict[tuple[str, int], tuple[InMemoryBucket, int]] = OrderedDict()
        """Window and time of the last request in ms, by caller and limit; the oldest last request comes first."""
        self._slots: OrderedDict[str, tuple[str, float]] = OrderedDict()
        """Caller and end of the lease, by slot id; leases are equally long, so the first to end comes first."""
        self._jobs: Counter[str] = Counter()
        """Slots taken, by caller."""

    def __len__(self) -> int:
        """How many windows and slots are in memory."""
        return len(self._windows) + len(self._slots)

    def admit(self, who: str, tier: LimitTier, cost: int = 1) -> RateLimitDecision:
        """Count a request; see Ledger."""
        now_ms = int(self._now() * 1000)
        window = self._window(who, tier.requests_per_minute, now_ms)
        allowed = window.put(RateItem(who, now_ms, cost))
        used = window.count()
        oldest = window.peek(used - 1)
        # A request counts up to and including its last millisecond, so the next one fits a millisecond later.
        wait_s = (oldest.timestamp + WINDOW_MS + 1 - now_ms) / 1000 if oldest else 0.0
        return _decision(allowed, tier.requests_per_minute, used, wait_s)

    def begin(self, who: str, tier: LimitTier, slot_id: str, cost: int) -> Admission:
        """Count a request, and take a slot for its job; see Ledger."""
        request = self.admit(who, tier, cost)
        return Admission(request, self.take_slot(who, tier, slot_id) if request.allowed else None)

    def take_slot(self, who: str, tier: LimitTier, slot_id: str) -> RateLimitDecision:
        """Take a slot, unless all of the tier's are taken; taking one again renews its lease."""
        self.free_slot(slot_id)
        now_s = self._now()
        self._end_leases(now_s)
        allowed = self._jobs[who] < tier.concurrent_jobs
        if allowed:
            self._take(who, slot_id, now_s)
        return _decision(allowed, tier.concurrent_jobs, self._jobs[who], SLOT_RETRY_S)

    def hold_slots(self, slots: Iterable[JobSlot]) -> None:
        """Take or renew slots, whatever the limit; see Ledger."""
        for slot in slots:
            self.free_slot(slot.id)
            self._take(slot.who, slot.id, self._now())

    def free_slot(self, slot_id: str) -> None:
        """Free a slot; see Ledger."""
        if taken := self._slots.pop(slot_id, None):
            who, _ = taken
            self._jobs[who] -= 1
            if not self._jobs[who]:
                del self._jobs[who]

    def _take(self, who: str, slot_id: str, now_s: float) -> None:
        self._slots[slot_id] = (who, now_s + self._lease_s)
        self._jobs[who] += 1

    def _end_leases(self, now_s: float) -> None:
        while self._slots:
            slot_id, (_, until_s) = next(iter(self._slots.items()))
            if until_s > now_s:
                return
            self.free_slot(slot_id)

    def _window(self, who: str, limit: int, now_ms: int) -> InMemoryBucket:
        """The window of a caller, without the requests that have left it; callers with empty windows are forgotten."""
        known = self._windows.pop((who, limit), None)
        window = known[0] if known else InMemoryBucket([Rate(limit, WINDOW_MS)])
        window.leak(now_ms)
        while self._windows and (self._quiet(now_ms) or len(self._windows) >= CALLERS):
            self._windows.popitem(last=False)
        self._windows[who, limit] = (window, now_ms)
        return window

    def _quiet(self, now_ms: int) -> bool:
        """Whether the window whose last request is oldest is empty."""
        _, last_ms = next(iter(self._windows.values()))
        return last_ms < now_ms - WINDOW_MS


def _decision(allowed: bool, limit: int, used: int, wait_s: float) -> RateLimitDecision:
    reset_unix_s = math.ceil(time.time() + (wait_s if used else 0))
    retry_after_s = 0 if allowed else max(1, math.ceil(wait_s))
    return RateLimitDecision(allowed, limit, max(0, limit - used), reset_unix_s, retry_after_s)
