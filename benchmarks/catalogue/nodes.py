"""A catalogue on one Ray node and on several of this machine, with a model that only waits: how its pace grows."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import yaml
from PIL import Image

from benchmarks.catalogue.paces import COMMAND, steady
from benchmarks.catalogue.watched import watched
from benchmarks.operations.cluster import NODE, nodes

LEAN = Path("tests/cluster/lean")
DELAY_S = 1.0
"""What the model waits for each picture, in the place of a provider or of a GPU."""
WAITING = {
    "name": "Waiting",
    "backend": "luminance",
    "licence": {"name": "MIT", "commercial": True},
    "options": {"delay_s": DELAY_S},
}


def configured(folder: Path) -> Path:
    """A configuration with that model alone."""
    shutil.copytree(LEAN, folder, ignore=shutil.ignore_patterns("models"))
    (folder / "models").mkdir()
    (folder / "models" / "waiting.yaml").write_text(yaml.safe_dump(WAITING))
    return folder


def drawn(folder: Path, count: int) -> Path:
    """So many pictures, small ones: the processors of this machine are to have nothing to do."""
    folder.mkdir()
    for number in range(count):
        Image.new("RGB", (240, 180), (number % 256, 90, 30)).save(folder / f"{number:05d}.png")
    return folder


def clusters(folder: Path, most: int) -> Iterator[tuple[int, str]]:
    """Clusters of one node, two nodes … each with its count and its address for RAY_ADDRESS."""
    for count in range(1, most + 1):
        with nodes(folder, count - 1, NODE, **NODE) as cluster:
            yield count, cluster.address


def grown(folder: Path, count: int, most: int) -> None:
    """Measure clusters of one node up to so many, and print each one's pace."""
    configs, photos = configured(folder / "configs"), drawn(folder / "in", count)
    options = ["-m", "waiting", "--config-dir", str(configs), "--data-dir", str(folder / "data")]
    paces = dict[int, float]()
    for machines, address in clusters(folder, most):
        out = folder / f"out-{machines}"
        watched([*COMMAND, "catalogue", str(photos), str(out), *options, "--ray-address", address])
        paces[machines] = steady(out)
        pace = f"{paces[machines]:.1f} pictures a minute after the first quarter"
        print(f"{machines} nodes {'':10} {pace}, {paces[machines] / paces[1]:.2f} times that of one", flush=True)
