"""From kill -9 of a kind of process to the first good answer to a request that was sent after it."""

from pathlib import Path

from benchmarks.operations.verdict import Verdict
from tests.support.load import Load
from tests.support.ray_service import STEADY, TWO_INGRESSES, serving
from tests.support.sample_pictures import cut_by

KINDS = {
    "every replica of a model": ("ServeReplica:cutout:steady", False),
    "the upscaler": ("ServeReplica:cutout:Upscaler", False),
    "the ledger": ("ServeReplica:cutout:Ledger", False),
    "one of two ingress replicas": ("ServeReplica:cutout:Ingress", True),
    "Serve's controller": ("ServeController", False),
}


def kills(folder: Path, _minutes: float | None) -> Verdict:
    """Four callers of the whole pipeline, who send a request again whose connection was cut."""
    parts, lost = [], 0
    with serving(folder, {"steady": STEADY}, TWO_INGRESSES) as service:
        for kind, (title, one) in KINDS.items():
            with Load(service.address, 4, lambda _: cut_by("steady", path="/process")) as load:
                load.wait_answers(10)
                moment = service.kill(title, one=one)
                load.wait_answers(30)
            print(f"  {kind}: {load.tally}", flush=True)
            parts.append(f"{kind} {load.tally.first_good_after(moment):.1f} s")
            lost += len(load.tally.lost)
    return Verdict("From kill -9 to the first good answer", f"{', '.join(parts)}; {lost} requests lost", not lost)
