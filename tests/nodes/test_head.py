"""The head of a cluster dies and comes back, with GCS fault tolerance: Redis has what the cluster is."""

import os
import shutil
import signal
from pathlib import Path

import pytest

from tests.nodes.namespaces import DOOR, MISSING, network, serving
from tests.support.load import Load
from tests.support.patience import HANG_S
from tests.support.ray_service import STEADY, wait_for
from tests.support.sample_pictures import cut_by

LACKING = [
    *MISSING,
    *([] if shutil.which("redis-server") else ["the program redis-server (apt-get install redis-server)"]),
]
pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(LACKING), reason=f"expected: {' and '.join(LACKING)}"),
]
REDIS = "10.77.0.1:6379"
"""The first machine."""
PATIENCE = {"RAY_REDIS_ADDRESS": REDIS, "RAY_gcs_rpc_server_reconnect_timeout_s": "600"}
"""As KubeRay sets them."""


def test_replicas_go_on_without_a_head(tmp_path: Path) -> None:
    """While the head is away every request is answered; when it is back, what dies is replaced again."""
    with network(**PATIENCE) as machines:
        redis = machines.plug()
        machines.run(
            redis, "Ready to accept", "redis-server", "--bind", redis.address, "--protected-mode", "no", "--save", ""
        )
        head, worker = machines.join(**{"num-cpus": 0}), machines.join(**{"num-cpus": 8})
        with (
            serving(machines, {"steady": STEADY}, worker, tmp_path / "log") as service,
            Load(f"http://{worker.address}:{DOOR}", 4, lambda _: cut_by("steady")) as calls,
        ):
            calls.wait_answers(10)
            head.kill()
            calls.wait_answers(100)
            machines.ray(head, **{"num-cpus": 0})
            before = service.replicas("steady")
            os.kill(before[0], signal.SIGKILL)
            new_s = wait_for(lambda: len(set(service.replicas("steady")) - set(before)) == 1, HANG_S, "another replica")
            calls.wait_answers(20)

    print(f"\nthe head dies and comes back: {calls.tally}; {new_s:.0f} s from a replica's death to the next")
    assert (calls.tally.lost, calls.tally.cut_off) == ([], 0)
