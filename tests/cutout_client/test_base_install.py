"""The package without its extras: a client and the command with --server, of few packages; `make install-check`."""

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.support.durable_jobs import picture
from tests.support.loopback_service import Running
from tests.support.patience import HANG_S

MOST_PACKAGES = 20
HERE = Path(__file__).parent / "base"
Cutout = Callable[..., subprocess.CompletedProcess[str]]


def base() -> set[str]:
    """The names of the package's dependencies without extras, and of theirs."""
    found, new = set[str](), {"cutout-shotgun"}
    while new:
        found |= new
        wanted = [Requirement(line) for name in new for line in importlib.metadata.requires(name) or ()]
        new = {_normal(one.name) for one in wanted if not one.marker or one.marker.evaluate({"extra": ""})} - found
    return found - {"cutout-shotgun"}


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.fixture(scope="module")
def hidden() -> str:
    """The top-level modules of every other package that is installed here."""
    kept = base() | {"cutout-shotgun"}
    found = importlib.metadata.packages_distributions()
    return ",".join(module for module, names in found.items() if not kept & {_normal(name) for name in names})


@pytest.fixture
def cutout(hidden: str, tmp_path: Path) -> Cutout:
    """The command where only the base is installed."""

    def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cutout_client.command", *map(str, arguments)]
        environment = {**os.environ, "HIDDEN": hidden, "PYTHONPATH": f"{HERE}{os.pathsep}{os.getcwd()}"}
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=HANG_S, check=False
        )

    return run


def test_it_is_small(hidden: str) -> None:
    """It has at most MOST_PACKAGES packages, none of which is numpy, Pillow or Ray."""
    names = base()

    assert len(names) <= MOST_PACKAGES, sorted(names)
    assert not names & {"numpy", "pillow", "ray", "pyyaml"}
    assert {"numpy", "PIL", "ray", "yaml", "onnxruntime", "mcp"} <= set(hidden.split(","))


def test_a_service_does_the_work(cutout: Cutout, service: Running, tmp_path: Path) -> None:
    """Photographs are cut out and enlarged, and models listed, by a service."""
    (tmp_path / "a.png").write_bytes(picture())
    at = ("--server", service.url)

    removed = cutout("remove", "a.png", "-m", "first", "-o", "cutout.png", *at)
    enlarged = cutout("upscale", "a.png", "-f", "2", "-o", "large.webp", *at)
    listed = cutout("models", "--json", *at)

    assert (removed.stderr, enlarged.stderr, listed.stderr) == ("", "", "")
    assert (tmp_path / "cutout.png").exists()
    assert (tmp_path / "large.webp").exists()
    assert [json.loads(line)["id"] for line in listed.stdout.splitlines()] == ["first", "second", "broken"]


@pytest.mark.parametrize(
    ("arguments", "extra"),
    [
        (("remove", "a.png", "-m", "local_u2netp", "-o", "b.png"), "local"),
        (("upscale", "a.png", "-o", "b.png"), "local"),
        (("models",), "local"),
        (("weights", "pull"), "local"),
        (("compare", "a.png", "--server", "http://127.0.0.1:9"), "local"),
        (("serve",), "service"),
        (("mcp",), "mcp"),
        (("keys", "list", "--file", "keys"), "service"),
    ],
)
def test_what_needs_more_says_so(cutout: Cutout, tmp_path: Path, arguments: tuple[str, ...], extra: str) -> None:
    """A command that needs an extra names it, in one line, with exit code 3."""
    (tmp_path / "a.png").write_bytes(picture())

    ended = cutout(*arguments)

    assert (ended.returncode, len(ended.stderr.splitlines())) == (3, 1), ended.stderr
    assert f"pip install 'cutout-shotgun[{extra}]'" in ended.stderr
