"""How long the queue of a deployment is, and when a call made now would be answered: the value of Retry-After."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

RECENT = 64
"""How many of the last answers the rate is measured by."""
SURE = 8
"""Answers from which on the rate is reliable: the first ones may have waited for a replica to start."""


class Queue:
    """The calls of this process to one deployment that are not answered yet, running or waiting.

    Its rate is measured, not configured: answers per second of the time in which at least one call was open. So it
    reflects the time that a picture takes, the present number of replicas and their concurrency, and the share of them
    that other callers use.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """`now` is a clock in seconds that never jumps."""
        self._now = now
        self._calls = 0
        self._busy_s = 0.0
        self._since_s = 0.0
        self._answered: deque[float] = deque([0.0], maxlen=RECENT + 1)
        """The busy time, in seconds, at each of the last answers; the first entry is where the measurement begins."""

    @property
    def calls(self) -> int:
        """The calls that are not answered yet."""
        return self._calls

    @contextmanager
    def calling(self) -> Iterator[None]:
        """Count a call while the context lasts. One that raises was not worked on, and does not change the rate."""
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
        """Whole seconds, at least 1, until all open calls are answered; None while the rate is unknown."""
        answered = len(self._answered) - 1
        if not answered:
            return None
        return max(1, math.ceil(self._calls * (self._worked_s() - self._answered[0]) / answered))

    def sure_wait_s(self) -> int | None:
        """The same; None until the rate is reliable."""
        return self.wait_s() if len(self._answered) > SURE else None

    def _worked_s(self) -> float:
        return self._busy_s + (self._now() - self._since_s if self._calls else 0.0)
