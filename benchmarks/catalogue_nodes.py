"""A catalogue on one Ray node and on several of this machine, with a model that only waits: how its pace grows."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import yaml
from PIL import Image

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
