"""A rolling redeploy, which replaces every replica, under load."""

from pathlib import Path

from benchmarks.operations.verdict import Verdict
from tests.support.load import Load
from tests.support.ray_service import STEADY, TWO_INGRESSES, serving
from tests.support.sample_pictures import cut_by

REQUESTS = 1000


def redeploy(folder: Path, _minutes: float | None) -> Verdict:
    """Eight callers send until at least a thousand requests were answered; in the middle everything is replaced."""
    with serving(folder, {"steady": STEADY}, TWO_INGRESSES) as service:
        before = {name: service.replicas(name) for name in ("Ingress", "Upscaler", "Ledger", "Jobs", "steady")}
        with Load(service.address, 8, lambda _: cut_by("steady")) as load:
            load.wait_answers(REQUESTS // 10)
            service.apply(TWO_INGRESSES, config_dir=str(folder / "configs"))
            load.wait_answers(max(REQUESTS - load.tally.answered, REQUESTS // 10), within_s=300)
        replaced = all(not set(service.replicas(name)) & set(pids) for name, pids in before.items())
    what = f"Requests lost in a rolling redeploy under load (0 of at least {REQUESTS:,})"
    return Verdict(what, str(load.tally), replaced and not load.tally.lost)
