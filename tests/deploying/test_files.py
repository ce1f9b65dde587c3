"""deploy.yaml and configs/rayservice.yaml against the fields that Akash and KubeRay publish."""

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.deploying.forms import faults

ROOT = Path(__file__).parent.parent.parent
FIELDS = Path(__file__).parent / "fields"
BLOCKS_A_MONTH = 438_000


def load(file: Path) -> Any:
    return yaml.safe_load(file.read_text())


@pytest.mark.parametrize(("file", "fields"), [("deploy.yaml", "akash_sdl"), ("configs/rayservice.yaml", "rayservice")])
def test_every_field_is_published(file: str, fields: str) -> None:
    """The file has every required field, none that is unknown, and values of the right kind."""
    assert list(faults(load(ROOT / file), load(FIELDS / f"{fields}.yaml"))) == []


def test_faults_are_found() -> None:
    """The check itself names an unknown field, a missing one, a wrong type and a value out of range."""
    form = {"a!": "string", "b": "0..5", "c": ["integer"], "d": "x|y"}

    assert list(faults({"b": 6, "c": ["1"], "d": "z", "e": 1}, form)) == [
        ".b: 0..5 expected, not 6",
        ".c[0]: integer expected, not '1'",
        ".d: x|y expected, not 'z'",
        ".e: no such field",
        ".a: missing",
    ]


def test_akash_names_fit_together() -> None:
    """Each service is deployed, has its compute profile and price, and each volume that it mounts is there."""
    sdl = load(ROOT / "deploy.yaml")

    for name, service in sdl["services"].items():
        (placement, deployed), *_ = sdl["deployment"][name].items()
        volumes = sdl["profiles"]["compute"][deployed["profile"]]["resources"]["storage"]
        assert deployed["profile"] in sdl["profiles"]["placement"][placement]["pricing"]
        assert set(service["params"]["storage"]) <= {volume.get("name") for volume in volumes}
        for volume in volumes:
            kind = volume.get("attributes", {"class": "", "persistent": False})
            assert kind["persistent"] == (kind["class"] not in ("", "ram"))


def test_akash_price_is_a_ceiling_in_dollars() -> None:
    """The price is in uact, of which a million is a US dollar, and no bid costs more than 150 USD a month by it."""
    sdl = load(ROOT / "deploy.yaml")
    [price] = [prices["cutout"] for prices in (place["pricing"] for place in sdl["profiles"]["placement"].values())]

    assert price["denom"] == "uact"
    assert price["amount"] * BLOCKS_A_MONTH / 1e6 < 150


def test_akash_takes_no_uakt() -> None:
    """The denomination that providers stopped taking is a fault, as their tool says too."""
    sdl = load(ROOT / "deploy.yaml")
    sdl["profiles"]["placement"]["anywhere"]["pricing"]["cutout"]["denom"] = "uakt"

    assert list(faults(sdl, load(FIELDS / "akash_sdl.yaml"))) == [
        ".profiles.placement.anywhere.pricing.cutout.denom: uact expected, not 'uakt'"
    ]


def test_akash_passes_on_what_the_page_sets() -> None:
    """Each variable that docs/deploy.md exports is filled in, and what is filled in carries its own name."""
    page = (ROOT / "docs" / "deploy.md").read_text().partition("\n## Akash")[2].partition("\n## ")[0]
    exported = {
        name for line in re.findall(r"^export (.*)", page, re.MULTILINE) for name in re.findall(r"(\w+)=", line)
    }
    lines = load(ROOT / "deploy.yaml")["services"]["cutout"]["env"]
    filled = {line.partition("=")[0] for line in lines if "${" in line}

    assert exported <= filled
    assert [line for line in lines if "${" in line and line != "{0}=${{{0}}}".format(line.partition("=")[0])] == []


@pytest.mark.parametrize("value", ["", "eu-central-1"])
def test_akash_starts_with_the_keys_and_without_empty_variables(tmp_path: Path, value: str) -> None:
    """Run by a shell, the command writes the key file, and passes an S3 region and endpoint on only if they are set."""
    command = load(ROOT / "deploy.yaml")["services"]["cutout"]["args"][0]
    keys, names = tmp_path / "keys", ("AWS_REGION", "AWS_ENDPOINT_URL")
    environment = {"PATH": os.environ["PATH"], "CUTOUT_API_KEYS": "a2V5cwo=", **dict.fromkeys(names, value)}
    started = re.sub(r"> \S+ &&", f"> {keys} &&", command).replace("python -m serve_app", "env")
    shown = subprocess.run(["sh", "-c", started], env=environment, capture_output=True, text=True, check=True).stdout

    assert keys.read_text() == "keys\n"
    assert {line.partition("=")[0] for line in shown.splitlines()} & set(names) == (set(names) if value else set())


def test_pods_fit_together() -> None:
    """Each pod mounts volumes that it has, runs as no root, and the groups have the resources that models ask for."""
    cluster = load(ROOT / "configs" / "rayservice.yaml")["spec"]["rayClusterConfig"]
    groups = [cluster["headGroupSpec"], *cluster["workerGroupSpecs"]]

    for group in groups:
        pod = group["template"]["spec"]
        assert pod["securityContext"]["runAsNonRoot"]
        for container in pod["containers"]:
            assert {mount["name"] for mount in container["volumeMounts"]} <= {
                volume["name"] for volume in pod["volumes"]
            }
    offered = " ".join(group["rayStartParams"].get("resources", "") for group in groups)
    assert "cpu_node" in offered
    assert "gpu_node" in offered


def test_pods_are_ready_when_the_service_is() -> None:
    """Callers come to workers that say /health/ready at the service's port; no worker is ended for being not ready."""
    spec = load(ROOT / "configs" / "rayservice.yaml")["spec"]
    port = yaml.safe_load(spec["serveConfigV2"])["http_options"]["port"]

    assert spec["excludeHeadPodFromServeSvc"]
    for group in spec["rayClusterConfig"]["workerGroupSpecs"]:
        [container] = group["template"]["spec"]["containers"]
        asked = {probe: container[probe]["httpGet"] for probe in ("readinessProbe", "livenessProbe")}
        assert asked["readinessProbe"] == {"path": "/health/ready", "port": port}
        assert asked["livenessProbe"]["port"] != port
