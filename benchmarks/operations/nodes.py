"""Throughput of one, two and three Ray nodes, with a model that waits and takes no processor."""

import time
from pathlib import Path

from benchmarks.operations.cluster import nodes
from benchmarks.operations.verdict import Verdict
from tests.support.load import Load
from tests.support.ray_service import Fake, serving, wait_for
from tests.support.sample_pictures import cut_by

SLOTS = 3
"""Replicas a node takes: each asks for a slot, and each node is started with so many."""
DELAY_S = 1.0
"""So long that three nodes' requests together do not take the two cores of one machine."""
MEASURED_S = 20
AT_LEAST = (1.0, 1.8, 2.6)
"""Times the throughput of one node."""


def waiting(most: int) -> Fake:
    """A model of as many replicas as there are slots, up to `most`."""
    return Fake(
        DELAY_S,
        {
            "max_ongoing_requests": 1,
            "max_queued_requests": 200,
            "num_replicas": most,
            "ray_actor_options": {"num_cpus": 0.1, "resources": {"slot": 1}},
        },
    )


def throughput(folder: Path, _minutes: float | None) -> Verdict:
    """The same service while nodes join; twice as many callers as replicas all along."""
    rates = []
    with nodes(folder, 0, {"resources": {"slot": SLOTS}}, resources={"slot": SLOTS}) as cluster:
        most = SLOTS * len(AT_LEAST)
        with serving(folder, {"waiting": waiting(most)}, RAY_ADDRESS=cluster.address) as service:
            for count in range(1, len(AT_LEAST) + 1):
                wait_for(lambda: len(service.replicas("waiting")) == SLOTS * count, 120, "replicas")  # noqa: B023
                with Load(service.address, 2 * most, lambda _: cut_by("waiting")) as load:
                    load.wait_answers(most)
                    before, begun = load.tally.answered, time.monotonic()
                    time.sleep(MEASURED_S)
                    rates.append((load.tally.answered - before) / (time.monotonic() - begun))
                print(f"  {count} nodes: {rates[-1]:.1f} a second; {load.tally}", flush=True)
                if count < len(AT_LEAST):
                    cluster.join(resources={"slot": SLOTS})
    times = [rate / rates[0] for rate in rates]
    measured = ", ".join(f"{rate:.1f}/s ({more:.2f} times)" for rate, more in zip(rates, times, strict=True))
    held = all(more >= least for more, least in zip(times, AT_LEAST, strict=True))
    what = "Throughput of 1, 2 and 3 nodes with a model that waits (at least 1.8 and 2.6 times)"
    return Verdict(what, measured, held)
