"""What is installed: the wheel, as the Dockerfile builds it."""

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from email.parser import BytesParser
from pathlib import Path

import pytest

from tests.support.patience import HANG_S

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("cutout", "cutout_client", "deployments", "fetching", "serve_app")
SKIPPED = shutil.ignore_patterns("__pycache__")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The wheel, built from a copy of the sources without the network."""
    source = tmp_path_factory.mktemp("source")
    for folder in (*PACKAGES, "configs"):
        shutil.copytree(ROOT / folder, source / folder, symlinks=True, ignore=SKIPPED)
    for name in ("pyproject.toml", "README.md", "LICENSE", "serve_config.yaml"):
        shutil.copy(ROOT / name, source)
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", "dist", "."]
    subprocess.run(build, cwd=source, check=True, capture_output=True, timeout=HANG_S)
    [built] = (source / "dist").iterdir()
    return zipfile.ZipFile(built)


def sources() -> Iterator[str]:
    """Every file of the packages, and what their links lead to."""
    for package in PACKAGES:
        for folder, _, names in os.walk(ROOT / package, followlinks=True):
            inside = Path(folder).relative_to(ROOT)
            yield from (str(inside / name) for name in names if "__pycache__" not in inside.parts)


def test_every_file_is_in_it(wheel: zipfile.ZipFile) -> None:
    """Each module and each other file of the packages is installed, such as the page's and HAProxy's error answer."""
    files = {name for name in wheel.namelist() if ".dist-info/" not in name}

    assert files == set(sources())
    assert {f"{package}/py.typed" for package in PACKAGES} <= files
    assert {"serve_app/static/index.html", "serve_app/process/haproxy/unavailable.http"} <= files


def test_the_configuration_is_in_it(wheel: zipfile.ZipFile) -> None:
    """configs/ and serve_config.yaml are those of the repository, as files."""
    shipped = [file for file in (ROOT / "configs").rglob("*") if file.is_file()]

    for file in (*shipped, ROOT / "serve_config.yaml"):
        assert wheel.read(f"cutout/defaults/{file.relative_to(ROOT)}") == file.read_bytes()


def test_its_metadata_are_the_projects(wheel: zipfile.ZipFile) -> None:
    """Name, version, licence and commands are those of pyproject.toml, and the licence's text is in it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    folder = f"cutout_shotgun-{project['version']}.dist-info"
    metadata = BytesParser().parsebytes(wheel.read(f"{folder}/METADATA"))
    commands = wheel.read(f"{folder}/entry_points.txt").decode()

    assert (metadata["Name"], metadata["Version"]) == (project["name"], project["version"])
    assert metadata["License-Expression"] == "Apache-2.0"
    assert wheel.read(f"{folder}/licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
    assert all(f"{name} = {target}" in commands for name, target in project["scripts"].items())
