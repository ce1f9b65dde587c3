"""Two hundred callers at once, with mixed pictures, for three minutes."""

import time
from pathlib import Path

from benchmarks.operations.health import HealthWatch
from benchmarks.operations.mixed import FAKES, mixed
from benchmarks.operations.verdict import Verdict
from benchmarks.operations.watch import Watch
from tests.support.load import Load
from tests.support.ray_service import serving

CLIENTS = 200
MINUTES = 3.0
HEALTH_S = 1.0
BOUND = 1.25
"""Memory at the end may be so many times that of the first half, at its peak."""


def crowd(folder: Path, minutes: float | None) -> Verdict:
    """Nothing is lost or cut off, memory is bounded, and /health answers within a second all along."""
    with serving(folder, FAKES) as service:
        pids = {name: service.replicas(name) for name in ("Ingress", "Upscaler", "Ledger", "Jobs", *FAKES)}
        with (
            HealthWatch(service.address) as health,
            Watch(service) as watch,
            Load(service.address, CLIENTS, mixed, patient=True) as load,
        ):
            time.sleep((minutes or MINUTES) * 60)
        crashed = [name for name, before in pids.items() if not set(before) <= set(service.replicas(name))]
    sizes = [size for _, size in watch.total_mb()]
    peaks = max(sizes[: len(sizes) // 2]), max(sizes[len(sizes) // 2 :])
    slowest = max(health.seconds)
    held = not (load.tally.lost or load.tally.cut_off or crashed)
    measured = (
        f"{load.tally}; crashed: {', '.join(crashed) or 'none'}; memory at most {peaks[0]:,.0f} MB in the first half, "
        f"{peaks[1]:,.0f} MB in the second; /health within {slowest:.2f} s"
    )
    what = f"{CLIENTS} callers at once with mixed pictures, {minutes or MINUTES:g} minutes"
    return Verdict(what, measured, held and peaks[1] <= BOUND * peaks[0] and slowest <= HEALTH_S)
