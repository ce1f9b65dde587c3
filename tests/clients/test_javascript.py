"""The JavaScript client: its types are those of the OpenAPI document, and it works under Node against the service."""

import json
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from scripts.client_types import PACKAGE, TYPES, copied, types
from serve_app.settings import VERSION
from tests.support.durable_jobs import picture
from tests.support.in_process import model, registry
from tests.support.loopback_service import Running, running
from tests.support.patience import HANG_S

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "javascript"
BLOCKS = re.findall(r"^```ts\n(.*?)^```", (PACKAGE / "README.md").read_text(), re.DOTALL | re.MULTILINE)
HERE = "http://localhost:8000"
BUILT = {"batches", "client", "connection", "errors", "events", "index", "pictures", "polling", "service", "types"}


def run(command: list[str], folder: Path) -> str:
    """What a program writes."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=HANG_S, check=False)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy with its tools, built, and beside it programs that use it, which are checked and compiled."""
    folder = copied(tmp_path_factory.mktemp("client") / "package")
    shutil.copytree(PROGRAMS, folder / "programs")
    for number, block in enumerate(BLOCKS):
        (folder / "programs" / f"readme-{number}.ts").write_text(block)
    run(["node_modules/.bin/tsc", "--build", ".", "programs"], folder)  # in this order: programs import what is built
    return folder


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two models that work, named as shipped ones, and one that fails."""
    broken = model("broken", options={"error": "out of ink"})
    models = (model("local_isnet"), model("local_u2netp", price_usd=0.005), broken)
    with running(tmp_path_factory.mktemp("service"), registry(*models)) as service:
        yield service


def test_its_types_are_current(package: Path) -> None:
    """They are what openapi-typescript makes of the document; `python -m scripts.client_types` writes them."""
    current = types(package)

    assert (PACKAGE / TYPES).read_text() == current, "run python -m scripts.client_types"
    assert ": unknown" not in current.split("export interface components")[0]


def test_what_is_published(package: Path) -> None:
    """The package has the service's version, its licence, what was built, and no dependencies."""
    [packed] = json.loads(run(["npm", "pack", "--dry-run", "--json", "--ignore-scripts"], package))
    described = json.loads((PACKAGE / "package.json").read_text())

    names = {file["path"] for file in packed["files"]}
    built = {f"dist/{name}{ending}" for name in BUILT for ending in (".js", ".d.ts")}
    assert names == built | {"LICENSE", "README.md", "package.json"}
    assert (described["version"], described["license"], "dependencies" in described) == (VERSION, "Apache-2.0", False)
    assert (PACKAGE / "LICENSE").read_text() == (ROOT / "LICENSE").read_text()


def test_operations(package: Path, service: Running, tmp_path: Path) -> None:
    """Each one does what the Python client's does; operations.ts says what."""
    (tmp_path / "photo.png").write_bytes(picture())

    run(["node", str(package / "programs" / "operations.js"), service.url], tmp_path)


def test_batches(package: Path, service: Running, tmp_path: Path) -> None:
    """Many pictures under one id, as batches.ts says; the ZIP that it writes is whole."""
    (tmp_path / "photo.png").write_bytes(picture(shade=120))

    run(["node", str(package / "programs" / "batches.js"), service.url], tmp_path)

    assert zipfile.ZipFile(tmp_path / "batch.zip").namelist() == ["mugs/blue.png", "picture-2.png", "batch.json"]


def test_retries(package: Path, service: Running, tmp_path: Path) -> None:
    """A busy service is asked again, and broken streams are resumed; each model runs once for each job."""
    (tmp_path / "photo.png").write_bytes(picture(shade=90))
    ran = len(service.runs)
    service.line.refusals[:] = [503, 502]
    service.line.cuts[:] = [b"nothing", b"event: finished", b"nothing", b"event: finished"]

    run(["node", str(package / "programs" / "retries.js"), service.url], tmp_path)

    assert (service.line.refusals, service.line.cuts, len(service.runs) - ran) == ([], [], 4)


def test_its_readme(package: Path, service: Running, tmp_path: Path) -> None:
    """Each block is a program of its own, and writes pictures; one of them a ZIP."""
    Image.open(ROOT / "tests" / "photos" / "rocket.jpg").resize((240, 160)).save(tmp_path / "photo.jpg")
    for number in range(len(BLOCKS)):
        program = package / "programs" / f"readme-{number}.js"
        program.write_text(program.read_text().replace(HERE, service.url))
        run(["node", str(program)], tmp_path)

    written = {file.name for file in tmp_path.glob("*.*")} - {"photo.jpg"}
    models = {f"{before}{name}.png" for before in ("", "job-", "now-") for name in ("local_isnet", "local_u2netp")}
    single = {"best.png", "framed.jpg", "item-1.png", "large.png", "mended.png"}
    assert written == models | single | {"cutouts.zip"}
    assert all(Image.open(tmp_path / name).width > 50 for name in models | single)
