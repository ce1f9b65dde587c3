"""The service over several Ray nodes: replicas spread, pixels cross, a node dies, a node joins, resources hold."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.operations.cluster import Nodes, nodes
from tests.support.load import Load, Shot
from tests.support.patience import HANG_S
from tests.support.ray_service import PROMPT, Fake, Running, serving, wait_for
from tests.support.sample_pictures import cut_by, picture

pytestmark = pytest.mark.long
NODE = {"num_cpus": 10, "num_gpus": 1, "memory": 2_000_000_000, "resources": {"slot": 2}}


def of(resources: dict[str, Any], most: int) -> Fake:
    """A model that scales from one replica to `most`, where its resources are."""
    scaling = {"min_replicas": 1, "max_replicas": most, "target_ongoing_requests": 1, **PROMPT}
    entry = {"max_ongoing_requests": 1, "max_queued_requests": 64, "autoscaling_config": scaling}
    return Fake(0.3, entry | {"ray_actor_options": {"num_cpus": 0.1, **resources}})


FAKES = {
    "spread": of({"resources": {"slot": 1}}, 6),
    "half_gpu": of({"num_gpus": 0.5}, 8),
    "heavy": of({"num_cpus": 4}, 8),
    "roomy": of({"memory": 1_000_000_000}, 8),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nodes")


@pytest.fixture(scope="module")
def cluster(folder: Path) -> Iterator[Nodes]:
    """A head and one node more, alike."""
    with nodes(folder, 1, NODE, **NODE) as two:
        yield two


@pytest.fixture(scope="module")
def service(cluster: Nodes, folder: Path) -> Iterator[Running]:
    with serving(folder, FAKES, RAY_ADDRESS=cluster.address) as running:
        yield running


def grown(service: Running, model: str, replicas: int) -> Load:
    """The model under a load that would fill many more replicas than there is room for."""
    with Load(service.address, 12, lambda _: cut_by(model)) as load:
        wait_for(lambda: len(service.replicas(model)) == replicas, HANG_S, f"{replicas} replicas of {model}")
        load.wait_answers(20)
        assert len(service.replicas(model)) == replicas
    return load


def test_replicas_spread_and_pixels_cross(service: Running) -> None:
    """With two slots a node, four replicas work on two nodes; pictures larger than a message reach each of them."""
    load = grown(service, "spread", 4)
    answer = httpx.post(
        f"{service.address}/process?bg_models=spread&upscale_factor=2",
        content=picture(1200, 800), headers={"Content-Type": "image/jpeg"}, timeout=HANG_S, trust_env=False,
    )  # fmt: skip

    assert load.tally.lost == []
    assert answer.json()["results"][0]["output_dimensions"] == {"width": 2400, "height": 1600}


@pytest.mark.parametrize(("model", "most"), [("heavy", 4), ("half_gpu", 4), ("roomy", 4)])
def test_no_more_replicas_than_resources(service: Running, model: str, most: int) -> None:
    """Two nodes of 10 CPUs, a GPU and 2 GB hold four replicas of 4 CPUs, of half a GPU, or of 1 GB, and never more."""
    assert grown(service, model, most).tally.lost == []


def test_a_node_joins_and_takes_work(service: Running, cluster: Nodes) -> None:
    """A third node gives room for two replicas more, which come while requests run."""
    with Load(service.address, 12, lambda _: cut_by("spread")) as load:
        wait_for(lambda: len(service.replicas("spread")) == 4, HANG_S, "four replicas")
        cluster.join(**NODE)
        wait_for(lambda: len(service.replicas("spread")) == 6, HANG_S, "six replicas")
        load.wait_answers(20)

    print(f"\na node joins: {load.tally}")
    assert load.tally.lost == []


def test_a_node_dies_under_load(service: Running, cluster: Nodes) -> None:
    """A node with replicas dies at once: what was on it is sent again, and every request is answered."""
    shot = Shot("/process?bg_models=spread&upscale_factor=2", picture(600, 400))  # its pixels lie in the nodes' memory
    with Load(service.address, 8, lambda _: shot) as load:
        wait_for(lambda: len(service.replicas("spread")) == 6, HANG_S, "six replicas")
        cluster.die()
        load.wait_answers(40)

    print(f"\na node dies: {load.tally}")
    assert load.tally.lost == []


def test_serve_deploy_changes_it_live(service: Running, cluster: Nodes) -> None:
    """On a cluster with Ray's dashboard, `serve deploy` changes a model's replicas while requests run; none is lost."""
    file = service.change({"half_gpu": of({"num_gpus": 0.5}, 2).entry})
    command = [str(Path(sys.executable).with_name("serve")), "deploy", "--address", cluster.dashboard, str(file)]
    with Load(service.address, 6, lambda _: cut_by("half_gpu")) as load:
        load.wait_answers(5)
        subprocess.run(command, check=True, timeout=HANG_S)
        wait_for(lambda: len(service.replicas("half_gpu")) == 2, HANG_S, "two replicas")
        load.wait_answers(20)

    print(f"\nserve deploy: {load.tally}")
    assert (load.tally.lost, load.tally.refused, load.tally.cut_off) == ([], 0, 0)
