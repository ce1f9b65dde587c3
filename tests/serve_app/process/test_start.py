"""Starting: one command, and one sentence at once when it cannot."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from cutout.errors import ConfigurationError
from serve_app.process.serve_config import read_config, rest_unconfigured
from serve_app.settings import free_port
from tests.support.patience import HANG_S

ROOT = Path(__file__).parents[3]


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m serve_app` with what is wrong, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "serve_app"],
        env={**os.environ, "CUTOUT_DATA_DIR": str(folder), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    """A port that is taken stops the start before Ray, with the port and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run(tmp_path, PORT=str(port))

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"Port {port} on 127.0.0.1 cannot be used")
    assert "Set PORT to another port" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_wrong_port_is_one_sentence(tmp_path: Path) -> None:
    """PORT must be a port."""
    assert "PORT: a number from 1 to 65535 expected, not 'http'" in run(tmp_path, PORT="http").stderr


def test_a_wrong_configuration_is_one_sentence(tmp_path: Path) -> None:
    """A bad registry file stops the start with file, field and what was expected."""
    (tmp_path / "models").mkdir()
    (tmp_path / "service.yaml").write_text("limits: {body_bytes: none}\n")

    ended = run(tmp_path, PORT=str(free_port()), CUTOUT_CONFIG_DIR=str(tmp_path))

    assert ended.returncode == 2
    assert "service.yaml: limits.body_bytes: Input should be a valid integer" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (b"", "Input should be a valid dictionary"),
        (b"[]", "Input should be a valid dictionary"),
        (b"applications: []", "applications: List should have at least 1 item"),
        (b"applications: [serve]", "applications.0: Input should be a valid dictionary"),
        (b"applications: [{args: [1]}]", "applications.0.args: Input should be a valid dictionary"),
        (b"applications: [{}]\nhttp_options:", "http_options: Input should be a valid dictionary"),
        (b"a: [", "a Serve configuration in YAML expected"),
        (b"a: \xff", "a Serve configuration in YAML expected"),
    ],
)
def test_a_serve_configuration_of_another_shape_is_named(tmp_path: Path, written: bytes, says: str) -> None:
    """Whatever stands in it is refused by file and field, and is no traceback."""
    file = tmp_path / "serve_config.yaml"
    file.write_bytes(written)

    with pytest.raises(ConfigurationError) as refused:
        read_config(file)

    assert refused.value.message.startswith(f"{file}: ")
    assert says in refused.value.message
    file.unlink()
    with pytest.raises(ConfigurationError, match="cannot be read: No such file or directory"):
        read_config(file)


def test_a_model_without_its_key_has_no_replica(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its entry says, or without one. A model with its key keeps what it has, and so do all on a cluster."""
    monkeypatch.delenv("RUNWARE_API_KEY", raising=False)
    monkeypatch.setenv("KIE_API_KEY", "a-key")
    config, registry = read_config(ROOT / "serve_config.yaml")
    entries = config["applications"][0]["deployments"]
    fixed = next(entry for entry in entries if entry["name"] == "runware_rmbg2")
    del fixed["autoscaling_config"]
    fixed["num_replicas"] = 2
    application = {**config["applications"][0]}
    application["deployments"] = [one for one in entries if one["name"] != "runware_birefnet_portrait"]
    config["applications"] = [application]
    before = {one["name"]: one for one in application["deployments"]}
    monkeypatch.setenv("RAY_ADDRESS", "127.0.0.1:6379")
    rest_unconfigured(config, registry)
    on_a_cluster = {one["name"]: one for one in application["deployments"]}
    monkeypatch.delenv("RAY_ADDRESS")
    rest_unconfigured(config, registry)
    after = {one["name"]: one for one in application["deployments"]}

    none = {"min_replicas": 0, "initial_replicas": 0}
    assert on_a_cluster == before
    assert {name for name, one in after.items() if one != before.get(name)} == {
        "runware_rmbg2",
        "runware_birefnet_portrait",
    }
    assert after["runware_birefnet_portrait"] == {"name": "runware_birefnet_portrait", "autoscaling_config": none}
    assert (after["runware_rmbg2"]["autoscaling_config"], "num_replicas" in after["runware_rmbg2"]) == (none, False)
