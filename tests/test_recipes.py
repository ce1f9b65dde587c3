"""docs/recipes.md in Python and Node, as it is written, against a service; its curl lines are in test_curl_lines.py."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from tests.support.in_process import model, registry
from tests.support.loopback_service import running
from tests.support.patience import HANG_S

PAGE = (Path(__file__).parents[1] / "docs" / "recipes.md").read_text(encoding="utf-8")
PHOTO = Path(__file__).parent / "photos" / "rocket.jpg"
HERE = "http://localhost:8000"
FILES = {"photo.jpg", "best.png", "local_isnet.png", "local_u2netp.png", "later.png", "cutouts.zip"}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a service whose models have the shipped ones' names."""
    with running(tmp_path_factory.mktemp("service"), registry(model("local_isnet"), model("local_u2netp"))) as up:
        yield up.url


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the recipes are run, with photo.jpg in it."""
    shutil.copy(PHOTO, tmp_path / "photo.jpg")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_in_python(address: str, folder: Path) -> None:
    """Each block runs after those before it, and writes what it says."""
    names: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block.replace(HERE, address), "recipes.md", "exec"), names)  # noqa: S102 - our own

    assert {file.name for file in folder.iterdir()} == FILES


def test_in_node(address: str, folder: Path) -> None:
    """Each block is a module of its own that needs no package, and writes pictures."""
    for block in blocks("js"):
        node = ["node", "--input-type=module", "-"]
        subprocess.run(node, input=block.replace(HERE, address), text=True, check=True, timeout=HANG_S)

    assert {file.name for file in folder.iterdir()} == FILES
    assert {Image.open(folder / name).mode for name in FILES - {"photo.jpg", "cutouts.zip"}} == {"RGBA"}
