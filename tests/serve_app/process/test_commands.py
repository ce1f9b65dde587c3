"""The operator's commands: `python -m serve_app`, with `apply` and `stop`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.patience import HANG_S


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m serve_app` with these arguments, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "serve_app", *arguments],
        env={**os.environ, "CUTOUT_DATA_DIR": str(folder), "PORT": "47116"},
        capture_output=True,
        text=True,
        timeout=HANG_S,
        check=False,
    )


@pytest.mark.parametrize(
    ("arguments", "usage"),
    [
        ([], "usage: python -m serve_app [-h] [config]"),
        (["stop"], "usage: python -m serve_app stop [-h]"),
    ],
)
def test_each_command_has_its_help(tmp_path: Path, arguments: list[str], usage: str) -> None:
    """--help prints that command's usage, and starts nothing."""
    ended = run(tmp_path, *arguments, "--help")

    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines()[0] == usage
    assert list(tmp_path.iterdir()) == []


def test_apply_without_a_service(tmp_path: Path) -> None:
    """With no service on PORT, `apply` is one sentence with the file it looked for, and the exit code 1."""
    ended = run(tmp_path, "apply")

    assert ended.returncode == 1
    assert ended.stderr == f"No running service found in {tmp_path}/run-47116.json\n"
