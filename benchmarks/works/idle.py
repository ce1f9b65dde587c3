"""Processor time of the service while nobody asks it for anything."""

import time

from benchmarks.bench import Bench
from benchmarks.findings import Findings, Row, table

AT_MOST = 0.10
"""Of one core."""
SETTLED_S = 20.0
"""For what a start leaves to be done."""


def idle(bench: Bench) -> Findings:
    """All processes of the service together, and each one's share of a core."""
    service = bench.service
    time.sleep(min(SETTLED_S, bench.form.idle_s))
    before, begun = service.usages(), time.monotonic()
    time.sleep(bench.form.idle_s)
    after, taken_s = service.usages(), time.monotonic() - begun
    shares = sorted(((after[pid] - before[pid]).cpu_s / taken_s, after[pid].name) for pid in before.keys() & after)
    share = sum(share for share, _ in shares)
    row = Row(
        f"Processor time of the whole service in {taken_s:.0f} s without a request", "one core",
        f"{share * taken_s:.1f} s", f"{taken_s:.0f} s", f"{share:.1%}", f"≤ {AT_MOST:.0%}", share <= AT_MOST,
    )  # fmt: skip
    lines = [[name, f"{share:.1%}"] for share, name in reversed(shares)]
    return Findings([row], {"idle": table(["Process", "Of one core"], lines)})
