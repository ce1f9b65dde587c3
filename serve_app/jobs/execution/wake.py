"""Queues of DBOS whose threads are woken when there is work, and look into the database only now and then otherwise.

DBOS (3.4) has no notification for its queues: a thread for each one polls, and sleeps on the event that stops it. Here
this event can also end the sleep. What it does then is DBOS's own code.
"""

import math
import threading
import time

from dbos import DBOS, Queue
from dbos._queue import queue_worker_thread

IDLE_S = 5.0
"""Seconds between two looks of a queue that nobody has woken: what is lost of a notification is found then."""
LOOK_S = 0.1
"""Seconds after which a queue that was woken looks again, then after twice as many, and so on up to IDLE_S: the slot of
a job that ends is free shortly after it has. A look costs 3 ms of processor time."""
STOP_S = 10.0
"""Longest wait for a look to end; without its database it would try again for a long time."""


class Wake(threading.Event):
    """Stops the thread of a queue when it is set, as DBOS expects, and ends its sleep when it is called."""

    def __init__(self) -> None:
        super().__init__()
        self._called = threading.Condition()
        self._called_at = -math.inf

    def __call__(self) -> None:
        """Make the queue look for work now, and again after growing gaps; from any thread."""
        with self._called:
            self._called_at = time.monotonic()
            self._called.notify_all()

    def set(self) -> None:
        """Stop the thread."""
        super().set()
        self()

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep until called, as long again as it is since the last call, and for `timeout` seconds at most.

        Returns whether the thread is to stop.
        """
        with self._called:
            if not self.is_set():
                again_s = max(LOOK_S, time.monotonic() - self._called_at)
                self._called.wait(min(again_s, IDLE_S if timeout is None else timeout))
        return self.is_set()


class Queues:
    """The threads of this process that take workflows from DBOS's queues, each woken by itself: a look costs reads."""

    def __init__(self) -> None:
        self._threads: dict[str, tuple[threading.Thread, Wake]] = {}

    def listen(self, dbos: DBOS, queue: Queue) -> None:
        """Start to take workflows from a queue that DBOS itself does not listen to."""
        wake = Wake()
        thread = threading.Thread(target=queue_worker_thread, args=(wake, dbos, queue), daemon=True)
        thread.start()
        self._threads[queue.name] = (thread, wake)

    def wake(self, name: str | None = None) -> None:
        """Make a queue look for work now, or all of them; from any thread."""
        for known, (_, wake) in self._threads.copy().items():
            if name in (None, known):
                wake()

    def stop(self) -> None:
        """Take no more; blocks until a look has ended, or for STOP_S each."""
        for _, wake in self._threads.values():
            wake.set()
        for thread, _ in self._threads.values():
            thread.join(STOP_S)
