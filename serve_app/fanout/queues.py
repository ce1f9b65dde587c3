"""How long the queue before a deployment is, and when who comes now would be served: what Retry-After says."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

RECENT = 64
"""Calls whose pace is remembered."""
SURE = 8
"""Calls that make a pace known for sure: the first ones may have waited for a replica to start."""


class Queue:
    """The calls of this process to one deployment that have no answer yet, in a replica or before one.

    Its pace is measured, not configured: calls answered by the seconds in which at least one was under way. So it has
    the time of a picture in it, the number of replicas and what each of them does at once, as they are by now, and what
    other callers take of them.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now` is a clock in seconds that never jumps."""
        self._now = now
        self._calls = 0
        self._busy_s = 0.0
        self._since_s = 0.0
        self._answered: deque[float] = deque([0.0], maxlen=RECENT + 1)
        """Seconds of work at which calls were answered, the first one the beginning of what is remembered."""

    @property
    def calls(self) -> int:
        """Those that are under way."""
        return self._calls

    @contextmanager
    def calling(self) -> Iterator[None]:
        """A call that is under way; one that ends in an exception was no work, and says nothing of the pace."""
        if not self._calls:
            self._since_s = self._now()
        self._calls += 1
        try:
            yield
            self._answered.append(self._worked_s())
        finally:
            if self._calls == 1:
                self._busy_s = self._worked_s()
            self._calls -= 1

    def wait_s(self) -> int | None:
        """Whole seconds, at least one, until all calls under way are answered; None while no pace is known."""
        answered = len(self._answered) - 1
        if not answered:
            return None
        return max(1, math.ceil(self._calls * (self._worked_s() - self._answered[0]) / answered))

    def sure_wait_s(self) -> int | None:
        """The same; None while the pace is not known for sure."""
        return self.wait_s() if len(self._answered) > SURE else None

    def _worked_s(self) -> float:
        return self._busy_s + (self._now() - self._since_s if self._calls else 0.0)
