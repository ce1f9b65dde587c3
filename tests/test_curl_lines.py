"""Every curl line of the README and the docs, as it is written, run by a shell against a service."""

import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from cutout.models.registry import load_registry
from cutout.service import DropInSpec
from tests.support.in_process import model, registry
from tests.support.loopback_service import running
from tests.support.onnx_networks import brightness_network
from tests.support.patience import HANG_S

ROOT = Path(__file__).parents[1]
HERE = "http://localhost:8000"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
LINES = [
    pytest.param(line, id=f"{page.name} {place}")
    for page in PAGES
    for place, line in enumerate(re.findall(r"^curl (?:.*\\\n)*.*", page.read_text(), re.MULTILINE))
    if HERE in line
]


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of a service whose models have the shipped ones' names; u2netp is the shipped one, with a smaller network."""
    folder = tmp_path_factory.mktemp("service")
    u2netp = load_registry(ROOT / "configs").models["local_u2netp"]
    weights = {"name": "u2netp", "file": str(brightness_network(folder / "small.onnx", u2netp.options["size_px"]))}
    options = {**u2netp.options, "weights": weights, "bf16_layers": ()}
    found = registry(model("local_isnet"), u2netp.model_copy(update={"options": options}))
    service = found.service.model_copy(update={"drop_in": DropInSpec(model="local_isnet")})
    with running(folder, found.model_copy(update={"service": service})) as up:
        yield up.url


@pytest.mark.parametrize("line", LINES)
def test_a_line_does_what_it_says(line: str, address: str, tmp_path: Path) -> None:
    """It succeeds; the file that it writes is a picture or JSON, as its name says, and else it shows JSON."""
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    command = line.replace(HERE, address).replace("curl ", "curl --fail --silent --show-error ", 1)
    environment = {"PATH": os.environ["PATH"], "NO_PROXY": "*"}
    shown = subprocess.run(
        ["bash", "-ec", command], cwd=tmp_path, env=environment, check=True, capture_output=True, timeout=HANG_S
    ).stdout

    written = re.search(r"-o (\S+)", line)
    if written and not written[1].endswith(".json"):
        with Image.open(tmp_path / written[1]) as picture:
            assert picture.size[0] > 100
    else:
        assert json.loads((tmp_path / written[1]).read_text() if written else shown)


def test_there_are_lines() -> None:
    """The pages that a newcomer reads first have one each."""
    assert {str(line.id).split()[0] for line in LINES} >= {"README.md", "drop-in.md", "moving-from-remove-bg.md"}
