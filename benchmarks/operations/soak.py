"""Mixed requests for a long time, and whether memory, handles or shared memory grow."""

import json
import subprocess
import time
from collections.abc import Iterable
from operator import attrgetter
from pathlib import Path

from benchmarks import peers
from benchmarks.operations.mixed import FAKES, mixed
from benchmarks.operations.verdict import Verdict
from benchmarks.operations.watch import Sample, Watch
from tests.support.load import Load
from tests.support.ray_service import serving

CLIENTS = 4
MINUTES = 30.0
WARM_UP = 0.3
"""Of the samples: until then processes may grow."""
GROWTH = 0.10
LEAST = {"private_mb": 15.0, "shared_mb": 30.0, "handles": 15.0}
"""What a process may grow by in any case: a small one grows by a tenth with one more thread."""
PLOT = Path("soak.png")


def soak(folder: Path, minutes: float | None) -> Verdict:
    """No process grows by more than a tenth after the warm-up, and nothing is lost; soak.png has all of it."""
    with (
        serving(folder, FAKES) as service,
        Watch(service) as watch,
        Load(service.address, CLIENTS, mixed, patient=True) as load,
    ):
        time.sleep((minutes or MINUTES) * 60)
    grown = [fault for name, samples in watch.samples.items() for fault in _grown(name, samples)]
    _draw(watch.samples)
    measured = f"{load.tally}; grown: {'; '.join(grown) or 'none'}; {PLOT}"
    what = f"Mixed requests for {minutes or MINUTES:g} minutes: growth beyond {GROWTH:.0%} after the warm-up"
    return Verdict(what, measured, not grown and not load.tally.lost)


def _grown(name: str, samples: list[Sample]) -> list[str]:
    """What of a process is larger in the last fifth than in the first after the warm-up.

    Lower quartiles are compared: what is held between pictures, too.
    """
    steady = samples[int(len(samples) * WARM_UP) :]
    fifth = max(1, len(steady) // 5)
    found = []
    for what, least in LEAST.items():
        of = attrgetter(what)
        before, after = (_low(map(of, part)) for part in (steady[:fifth], steady[-fifth:]))
        if after - before > max(GROWTH * before, least):
            found.append(f"{name}: {what} from {before:.0f} to {after:.0f}")
    return found


def _low(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 4]


def _draw(samples: dict[str, list[Sample]]) -> None:
    drawing = {name: [[s.at_s, s.private_mb, s.shared_mb, s.handles] for s in of] for name, of in samples.items()}
    command = [str(peers.python()), str(Path(__file__).with_name("plot.py")), str(PLOT)]
    subprocess.run(command, input=json.dumps(drawing).encode(), check=True, timeout=peers.ANSWER_S)
