"""Replicas over time, when load comes to one model and then to another."""

import time
from pathlib import Path

from benchmarks.operations.verdict import Verdict
from tests.support.load import Load
from tests.support.ray_service import Fake, Running, autoscaled, serving, wait_for
from tests.support.sample_pictures import cut_by

MODELS = {"first": Fake(0.3, autoscaled(1, 3)), "second": Fake(0.3, autoscaled(0, 2))}
REST = {"first": 1, "second": 0}
STEP_S = 20
REST_S = 60


def steps(folder: Path, _minutes: float | None) -> Verdict:
    """Six callers ask for `first` for a while, then for `second`: each grows and shrinks, the other stays."""
    with serving(folder, MODELS) as service:
        wait_for(lambda: _sizes(service) == REST, REST_S, "rest")
        lines = [_step(service, model) for model in MODELS]
    what = "Replicas over time under a load step, two models in turn (autoscaling within seconds)"
    return Verdict(what, "; ".join(line for line, _ in lines), all(alone for _, alone in lines))


def _step(service: Running, model: str) -> tuple[str, bool]:
    """The replicas seen, as `1 2 at 5 s`; whether it came to rest, the other stood still, and nothing was lost."""
    begun, seen = time.monotonic(), [(0.0, _sizes(service))]

    def watch(until_s: float) -> None:
        while time.monotonic() - begun < until_s:
            if (sizes := _sizes(service)) != seen[-1][1]:
                seen.append((time.monotonic() - begun, sizes))
            time.sleep(0.2)

    with Load(service.address, 6, lambda _: cut_by(model)) as load:
        watch(STEP_S)
    watch(STEP_S + 1)
    while seen[-1][1] != REST and time.monotonic() - begun < STEP_S + REST_S:
        watch(time.monotonic() - begun + 0.5)
    course = ", ".join(f"{sizes[model]} at {at:.0f} s" for at, sizes in seen)
    others = {sizes[name] for _, sizes in seen for name in MODELS if name != model}
    print(f"  {model}: {course}; {load.tally}", flush=True)
    held = seen[-1][1] == REST and len(others) == 1 and not load.tally.lost
    return f"`{model}`: {course} (load until {STEP_S} s)", held


def _sizes(service: Running) -> dict[str, int]:
    return {name: len(service.replicas(name)) for name in MODELS}
