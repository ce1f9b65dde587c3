"""compose.yaml: its parts fit together, no secret is in it, and only Caddy is reached from outside."""

import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
CADDY = (ROOT / "configs" / "Caddyfile").read_text()
PAGE = (ROOT / "docs" / "deploy.md").read_text()


def test_what_is_named_is_there() -> None:
    """Services, volumes and configurations that one part names are parts, and every image has its version."""
    for service in SERVICES.values():
        assert set(service.get("depends_on", ())) <= SERVICES.keys()
        assert {config["source"] for config in service.get("configs", ())} <= COMPOSE["configs"].keys()
        sources = [volume.split(":")[0] for volume in service.get("volumes", ())]
        assert {source for source in sources if not source.startswith(".")} <= COMPOSE["volumes"].keys()
        assert re.fullmatch(r"[a-z0-9/-]+:[0-9][0-9.]*", service["image"])
    assert (ROOT / COMPOSE["configs"]["caddy"]["file"]).exists()


def test_addresses_fit() -> None:
    """The service is told where PostgreSQL and S3 listen, and Caddy where the service does."""
    told = SERVICES["cutout"]["environment"]

    assert "@postgres:5432/" + SERVICES["postgres"]["environment"]["POSTGRES_DB"] in told["DATABASE_URL"]
    assert told["AWS_ENDPOINT_URL"] == "http://s3:8333"
    bucket = told["CUTOUT_PICTURES"].removeprefix("s3://")
    assert f"s3 mb s3://{bucket}" in SERVICES["bucket"]["command"][0]
    assert f"reverse_proxy cutout:{SERVICES['cutout']['expose'][0]}" in CADDY


def test_nothing_but_caddy_is_reached_from_outside() -> None:
    """The service, its database and its store have no port of the machine."""
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["caddy"]


def test_no_secret_is_in_it() -> None:
    """What is secret comes from .env, which docs/deploy.md makes; keys of providers may be absent."""
    text = (ROOT / "compose.yaml").read_text()
    needed = set(re.findall(r"\$\{([A-Z_0-9]+)\}", text))
    [made] = re.findall(r"<<END\n(.*?)END", PAGE, re.DOTALL)

    assert needed == {line.partition("=")[0] for line in made.splitlines()}
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            assert not re.search(r"SECRET|PASSWORD|API_KEY$", name) or "${" in str(value)


def test_the_proxy_waits_longer_than_a_request() -> None:
    """Caddy's patience is above `limits.request_s`, and a body may be as large as the service takes."""
    limits = yaml.safe_load((ROOT / "configs" / "service.yaml").read_text())["limits"]
    [wait_s] = re.findall(r"response_header_timeout (\d+)s", CADDY)
    [most_mb] = re.findall(r"max_size (\d+)MB", CADDY)

    assert int(wait_s) > limits["request_s"]
    assert int(most_mb) * 1_000_000 > limits["body_bytes"] * 3 / 2
