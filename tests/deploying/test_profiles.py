"""configs/profiles/: each is what `make profiles` writes, what Ray takes, and fits the application."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from ray._common.utils import import_attr
from ray.serve import Application
from ray.serve.config import AutoscalingConfig
from ray.serve.schema import ServeDeploySchema

from cutout.models.registry import load_registry
from scripts import profiles

ROOT = Path(__file__).parent.parent.parent
FILES = [
    "serve_config.yaml",
    "configs/profiles/server-16.yaml",
    "configs/profiles/gpu.yaml",
    "configs/profiles/cluster.yaml",
]


def load(file: str) -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((ROOT / file).read_text())
    return config


def entries(file: str) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in load(file)["applications"][0]["deployments"]}


def largest(file: str, resource: str) -> float:
    """What all deployments ask for at their largest."""
    asked: float = sum(
        entry["ray_actor_options"].get(resource, 0)
        * entry.get("autoscaling_config", {"max_replicas": entry.get("num_replicas")})["max_replicas"]
        for entry in entries(file).values()
    )
    return asked


def test_profiles_are_as_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """The written files, rayservice.yaml's Serve part among them, are those that serve_config.yaml makes."""
    monkeypatch.chdir(ROOT)

    assert {file: file.read_text() for file in profiles.files()} == profiles.files(), "run make profiles"


@pytest.mark.parametrize("file", FILES)
def test_ray_takes_it(file: str) -> None:
    """It passes Ray's own form, and has a full entry for each deployment that build_app makes, and for no other."""
    application = ServeDeploySchema.model_validate(load(file)).applications[0]
    built = import_attr(application.import_path)(application.args | {"config_dir": str(ROOT / "configs")})

    assert isinstance(built, Application)
    models = load_registry(ROOT / "configs").models.keys()
    assert entries(file).keys() == models | {"Ingress", "Upscaler", "Detailer", "Combiner", "Ledger", "Jobs"}
    for name, entry in entries(file).items():
        assert {"max_ongoing_requests", "max_queued_requests"} <= entry.keys(), name
        assert "num_cpus" in entry["ray_actor_options"], name
        if name not in ("Ledger", "Jobs"):
            scaling = {
                "min_replicas",
                "max_replicas",
                "target_ongoing_requests",
                "upscale_delay_s",
                "downscale_delay_s",
            }
            assert scaling <= entry["autoscaling_config"].keys(), name
            AutoscalingConfig.model_validate(entry["autoscaling_config"])


@pytest.mark.parametrize("file", FILES)
def test_one_true_number(file: str) -> None:
    """The ledger and the queue of jobs are one replica each, in every profile."""
    assert [entries(file)[name].get("num_replicas") for name in ("Ledger", "Jobs")] == [1, 1]


def test_machines_are_not_promised_more_than_they_have() -> None:
    """At their largest, the server's replicas ask for 16 cores at most, and the one GPU's for one GPU."""
    assert largest("configs/profiles/server-16.yaml", "num_cpus") <= 16
    assert largest("configs/profiles/gpu.yaml", "num_gpus") <= 1


def test_a_cluster_places_by_resources() -> None:
    """In the cluster's profile what has a part of a GPU asks for GPU nodes, and everything else for CPU nodes."""
    for name, entry in entries("configs/profiles/cluster.yaml").items():
        options = entry["ray_actor_options"]
        assert options["resources"].keys() == {"gpu_node" if options.get("num_gpus") else "cpu_node"}, name
