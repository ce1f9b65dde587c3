"""A catalogue on a real Ray Data, by the command: started, started again, and changed."""

import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from tests.support.patience import HANG_S

ROOT = Path(__file__).parent.parent.parent
PHOTOS = ROOT / "tests" / "photos"
QUICK = ROOT / "tests" / "cluster" / "lean"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Photographs in `in`, small ones, one of them no picture."""
    folder = tmp_path_factory.mktemp("catalogue")
    (folder / "in").mkdir()
    for file in PHOTOS.glob("*.jpg"):
        photo = Image.open(file)
        photo.thumbnail((160, 160))
        photo.save(folder / "in" / file.name)
    (folder / "in" / "broken.png").write_bytes(b"no picture")
    return folder


def catalogue(folder: Path, *options: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "deployments.catalogue", str(folder / "in"), str(folder / "out"), "-m", "quick"]
    given = ["--config-dir", str(QUICK), "--data-dir", str(folder / "data"), *options]
    variables = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    return subprocess.run(
        [*command, *given], env=variables, timeout=HANG_S, capture_output=True, text=True, check=False, cwd=ROOT
    )


FILES = ("-w", "{stem}.png", "-w", "white/{stem}.jpg, background=white, size=200x200")
LARGE = ("-w", "large/{stem}.webp, upscale=2, method=detail")


def test_a_catalogue(folder: Path) -> None:
    """A bad picture is a row and the exit code 1; started again, only what failed or has changed is done."""
    first = catalogue(folder, *FILES, *LARGE)
    rows = {Path(row["address"]).name: row for row in pq.read_table(folder / "out" / "manifest.parquet").to_pylist()}

    assert first.returncode == 1, first.stderr
    assert {name for name, row in rows.items() if row["status"] == "done"} == {
        "astronaut.jpg", "chelsea.jpg", "coffee.jpg", "rocket.jpg"
    }  # fmt: skip
    assert "Invalid image format" in rows["broken.png"]["error"]
    assert all((folder / "out" / file).is_file() for row in rows.values() for file in row["files"])
    assert (folder / "out" / "report.html").is_file()
    assert "5 pictures; 5 to do now" in first.stderr
    assert Image.open(folder / "out" / "large" / "rocket.webp").size == (320, 214)

    (folder / "in" / "broken.png").unlink()
    again = catalogue(folder, *FILES, *LARGE)
    assert (again.returncode, "4 pictures; 0 to do now" in again.stderr) == (0, True), again.stderr
