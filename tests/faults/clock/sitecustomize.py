"""A wall clock that a test sets, for the service and Ray's own Python: each process imports this at its start.

`time.time` and `time.time_ns` are so many seconds ahead as CLOCK_AHEAD says, a file. Monotonic clocks are untouched, as
when an operator or NTP sets a machine's clock. (Debian's libfaketime 0.9.10 breaks time.sleep of Python 3.11 and later
where it leaves the monotonic clock alone.)
"""

import os
import time
from pathlib import Path

AHEAD = Path(os.environ["CLOCK_AHEAD"])
_time, _time_ns = time.time, time.time_ns


def _ahead_s() -> int:
    return int(AHEAD.read_text())


time.time = lambda: _time() + _ahead_s()
time.time_ns = lambda: _time_ns() + _ahead_s() * 1_000_000_000
