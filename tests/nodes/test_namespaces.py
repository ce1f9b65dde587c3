"""The service over machines with addresses of their own: replicas spread, pixels cross, one joins, one dies."""

from collections.abc import Iterator

import httpx
import pytest

from tests.nodes.namespaces import DOOR, MISSING, Network, network, serving
from tests.support.load import Load, Shot
from tests.support.patience import HANG_S
from tests.support.ray_service import PROMPT, Fake, Running, wait_for
from tests.support.sample_pictures import cut_by, picture

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(bool(MISSING), reason=f"expected: {' and '.join(MISSING)}"),
]
SLOTS = {"num-cpus": 8, "resources": '{"slot": 2}'}
"""What each machine has; a replica of the model takes a slot."""
SCALING = {"min_replicas": 1, "max_replicas": 6, "target_ongoing_requests": 1, **PROMPT}
SPREAD = Fake(
    0.3,
    {
        "max_ongoing_requests": 1,
        "max_queued_requests": 64,
        "autoscaling_config": SCALING,
        "ray_actor_options": {"num_cpus": 0.1, "resources": {"slot": 1}},
    },
)
LARGE = picture(1200, 800)


@pytest.fixture(scope="module")
def machines() -> Iterator[Network]:
    """Two machines, the first one the head."""
    with network() as machines:
        machines.join(**SLOTS)
        machines.join(**SLOTS)
        yield machines


@pytest.fixture(scope="module")
def service(machines: Network, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    log = tmp_path_factory.mktemp("service") / "log"
    with serving(machines, {"spread": SPREAD}, machines.machines[0], log) as running:
        yield running


def spread(service: Running, machines: Network) -> dict[str, int]:
    """The model's replicas on each machine."""
    pids = service.replicas("spread")
    return {machine.address: sum(map(machine.has, pids)) for machine in machines.machines}


def large(_: int) -> Shot:
    """A picture that is larger than a message."""
    return Shot("/process?bg_models=spread&upscale_factor=2", LARGE)


def test_replicas_spread_and_pixels_cross(service: Running, machines: Network) -> None:
    """Each machine has its two replicas, each door answers, and pictures go over the cable to the other machine."""
    head, other = machines.machines
    with Load(service.address, 12, large) as calls:
        wait_for(
            lambda: spread(service, machines) == {head.address: 2, other.address: 2}, HANG_S, "two replicas on each"
        )
        before = other.received_bytes
        calls.wait_answers(20)
        crossed = other.received_bytes - before
    door = httpx.get(f"http://{other.address}:{DOOR}/health", timeout=HANG_S, trust_env=False)

    print(f"\nmachines with their own addresses: {calls.tally}; {crossed / 1e6:.1f} MB to the other machine")
    assert door.status_code == 200
    assert calls.tally.lost == []
    assert crossed > 5 * 1200 * 800 * 3  # a quarter of the pictures, as pixels, is expected there at least


def test_a_machine_joins_and_takes_work(service: Running, machines: Network) -> None:
    """A third machine has two replicas while requests run."""
    with Load(service.address, 12, lambda _: cut_by("spread")) as calls:  # large ones leave no processor to start with
        third = machines.join(**SLOTS)
        wait_for(lambda: spread(service, machines)[third.address] == 2, HANG_S, "two replicas on the third machine")
        calls.wait_answers(20)

    print(f"\na machine joins: {calls.tally}")
    assert calls.tally.lost == []


def test_a_machine_dies_under_load(service: Running, machines: Network) -> None:
    """All processes of a machine killed: what was on it is sent again, and every request is answered."""
    last = machines.machines[-1]
    with Load(service.address, 8, large) as calls:
        wait_for(lambda: spread(service, machines)[last.address] == 2, HANG_S, "two replicas on the last machine")
        last.kill()
        calls.wait_answers(40)

    print(f"\na machine dies: {calls.tally}")
    assert calls.tally.lost == []
