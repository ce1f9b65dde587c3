"""`python -m cutout.models.prefetch` fetches what it can, says where from, and names what is missing."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import HANG_S

MODEL = """\
name: {name}
backend: onnx
enabled: {enabled}
licence: {{name: MIT, commercial: true}}
options: {options}
"""


@pytest.fixture
def configs(tmp_path: Path) -> Path:
    """A folder of configuration with a remote model, and one that is switched off."""
    (tmp_path / "configs/models").mkdir(parents=True)
    (tmp_path / "configs/service.yaml").write_text("")
    (tmp_path / "given.onnx").write_bytes(b"weights")
    add(tmp_path / "configs", "remote", "{model: somewhere}")
    add(tmp_path / "configs", "disabled", "{weights: {name: net}}", enabled="false")
    return tmp_path / "configs"


def add(configs: Path, model_id: str, options: str, enabled: str = "true") -> None:
    text = MODEL.format(name=model_id, options=options, enabled=enabled)
    (configs / f"models/{model_id}.yaml").write_text(text)


def prefetch(configs: Path, *more: str) -> subprocess.CompletedProcess[str]:
    """The command, with an empty cache of rembg, and no package to be had."""
    environment = {**os.environ, "U2NET_HOME": str(configs.parent / "cache"), "PIP_NO_INDEX": "1"}
    command = [sys.executable, "-m", "cutout.models.prefetch", "--config-dir", str(configs), *more]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=HANG_S, check=False)


def test_one_model_with_weights_is_enough(configs: Path) -> None:
    """A model whose weights are missing gets a sentence and stops nothing, once another has its own."""
    add(configs, "given", f"{{weights: {{name: given, file: {configs.parent}/given.onnx}}}}")
    add(configs, "missing", "{weights: {name: net}}")

    done = prefetch(configs)

    assert done.stdout.splitlines() == [
        f"given: already here, sha256:{hashlib.sha256(b'weights').hexdigest()}",
        "missing: no weights for net (rembg's cache: no file)",
    ]
    assert (done.returncode, done.stderr) == (0, "")


def test_no_model_with_weights_is_a_failure(configs: Path) -> None:
    """When every model that needs weights lacks them, the command fails."""
    add(configs, "missing", "{weights: {name: net}}")

    assert prefetch(configs).returncode == 1


def test_no_model_that_needs_weights_is_fine(configs: Path) -> None:
    """Where no enabled model needs weights, there is nothing to fetch and nothing to fail."""
    done = prefetch(configs)

    assert (done.returncode, done.stdout) == (0, "")


def test_the_weights_of_detail(configs: Path) -> None:
    """They are fetched, too, where it is asked; without them every model still runs."""
    done = prefetch(configs, "--detail")

    assert [line.partition(" (")[0] for line in done.stdout.splitlines()] == [
        f"method: detail, {factor} times: no weights for spanx{factor}_ch48" for factor in (2, 4)
    ]
    assert done.returncode == 0


def test_wrong_configuration_is_one_sentence(configs: Path) -> None:
    """A misspelt field is named with its file, and the command fails."""
    add(configs, "wrong", "{weights: {nam: net}}")

    done = prefetch(configs)

    assert done.returncode == 1
    assert "configs/models/wrong.yaml: options.weights.name: Field required" in done.stdout
