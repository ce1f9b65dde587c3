"""Issue 12, host: the documented clusters do not take jobs from whoever reaches Ray's ports."""

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent.parent
RAYS = {6379, 8265, 10001, 52365}
"""The GCS, the dashboard with its job API, Ray Client, the dashboard's agent: each can be made to run code."""


def load(name: str) -> dict[str, Any]:
    """A file of configs/."""
    found: dict[str, Any] = yaml.safe_load((ROOT / "configs" / name).read_text())
    return found


def test_kuberay_asks_for_a_token() -> None:
    """The cluster that the file makes hears only who has the token; 1.0.0 ran `id` as root without one."""
    assert load("rayservice.yaml")["spec"]["rayClusterConfig"]["authOptions"] == {"mode": "token"}


def test_rays_ports_are_for_rays_pods_and_the_operator() -> None:
    """Of the policy's rules, those that let anybody in open the service's port and nothing of Ray's."""
    spec = load("networkpolicy.yaml")["spec"]
    port = yaml.safe_load(load("rayservice.yaml")["spec"]["serveConfigV2"])["http_options"]["port"]
    for_all = [rule for rule in spec["ingress"] if not rule.get("from")]
    open_ports = {entry["port"] for rule in for_all for entry in rule["ports"]}
    named = [rule for rule in spec["ingress"] if rule.get("from") and rule.get("ports")]

    assert spec["policyTypes"] == ["Ingress"]
    assert open_ports == {port}
    assert not open_ports & RAYS
    assert {entry["port"] for rule in named for entry in rule["ports"]} & RAYS == {8265, 52365}


def test_the_documented_nodes_have_a_token_and_a_dashboard_on_loopback() -> None:
    """What docs/deploy.md has for `ray up` sets the token mode, and the dashboard's host."""
    page = (ROOT / "docs" / "deploy.md").read_text()
    by_ray_up = page.partition("\n## `ray up`")[2]

    assert "RAY_AUTH_MODE=token" in by_ray_up
    assert "RAY_AUTH_TOKEN" in by_ray_up
    assert "--dashboard-host=127.0.0.1" in by_ray_up
    assert "networkpolicy.yaml" in page
