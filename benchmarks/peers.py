"""What a user would pick instead, in a virtual environment of its own: rembg's commands, Pillow, libvips."""

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import urllib3

from benchmarks.processes import Footprint, footprints, free_port, started, wait_until
from cutout.models.spec import ModelSpec, WeightsSpec
from cutout.models.weights import fetch

HERE = Path(__file__).parent
FOLDER = HERE / ".peers"
INSTALL_S = 900
START_S = 180
"""Longest start of `rembg s`: the first time it compiles what it imports."""
ANSWER_S = 300
MODELS = {"local_isnet": "isnet-general-use", "local_u2netp": "u2netp"}
"""Our model's id: rembg's name of it."""


@cache
def python() -> Path:
    """The peers' interpreter; their environment is made the first time, and anew when peers.txt has changed."""
    wanted = hashlib.sha256((HERE / "peers.txt").read_bytes()).hexdigest()
    ready, interpreter = FOLDER / "ready", FOLDER / "bin" / "python"
    if not ready.exists() or ready.read_text() != wanted:
        print("Installing what the benchmark compares with …", flush=True)
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(FOLDER)], check=True, timeout=INSTALL_S)
        (FOLDER / ".gitignore").write_text("*\n")
        pip = [str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, "-r", str(HERE / "peers.txt")], check=True, timeout=INSTALL_S)
        ready.write_text(wanted)
    return interpreter


def site_packages() -> Path:
    """Where the peers' packages lie."""
    python()
    return next(FOLDER.glob("lib/python3*/site-packages"))


def version(package: str) -> str:
    """A peer's version, as peers.txt pins it."""
    lines = (HERE / "peers.txt").read_text().splitlines()
    return next(line.split("==")[1].split()[0] for line in lines if line.startswith(f"{package}=="))


def rembg() -> list[str]:
    """Rembg's own command."""
    return [str(python().with_name("rembg"))]


def environment(home: Path, models: Mapping[str, ModelSpec]) -> dict[str, str]:
    """What rembg needs to use the very weights that our models use; `home` is filled the first time."""
    for model_id, name in MODELS.items():
        file = home / "models" / name / f"{name}.onnx"
        if not file.exists():
            file.parent.mkdir(parents=True)
            weights = fetch(WeightsSpec.model_validate(models[model_id].options["weights"]))
            file.symlink_to(weights.path.resolve())
    # BROWSER: it would open one. The checksum: that of IS-Net's 16-bit file is not the one rembg pins.
    ours = {"REMBG_HOME": str(home), "MODEL_CHECKSUM_DISABLED": "1", "BROWSER": "true"}
    theirs = {name: value for name, value in os.environ.items() if name not in ("U2NET_HOME", "XDG_DATA_HOME")}
    return theirs | ours


def enlarge(tool: str, png: bytes, factor: int, scratch: Path) -> float:
    """Milliseconds that `pillow` or `libvips` takes from a PNG to a larger PNG, in a process of its own."""
    file = scratch / "small.png"
    file.write_bytes(png)
    command = [str(python()), str(HERE / "pixel_tools.py"), tool, str(file), str(factor)]
    return float(subprocess.run(command, check=True, capture_output=True, timeout=ANSWER_S).stdout)


def draw(drawing: Mapping[str, Any], file: Path) -> None:
    """The plot of the findings, a PNG."""
    command = [str(python()), str(HERE / "plot.py"), str(file)]
    subprocess.run(command, input=json.dumps(drawing).encode(), check=True, timeout=ANSWER_S)


@dataclass(frozen=True)
class Rembg:
    """A running `rembg s`."""

    process: "subprocess.Popen[bytes]"
    http: urllib3.PoolManager
    address: str

    def cut(self, image: bytes, model_id: str) -> tuple[bytes, float]:
        """The cutout's PNG and the milliseconds until its last byte.

        Raises:
            RuntimeError: it answered something else.
        """
        fields: dict[str, str | tuple[str, bytes, str]] = {
            "file": ("photo", image, "application/octet-stream"),
            "model": MODELS[model_id],
        }
        begun = time.perf_counter()
        answer = self.http.request("POST", f"{self.address}/api/remove", fields=fields)
        ms = (time.perf_counter() - begun) * 1000
        if answer.status != 200:
            raise RuntimeError(f"rembg s answered {answer.status}: {answer.data[:200]!r}")
        return answer.data, ms

    def footprints(self) -> list[Footprint]:
        """Memory of its process."""
        return footprints([self.process.pid])


@contextmanager
def rembg_server(scratch: Path, models: Mapping[str, ModelSpec]) -> Iterator[Rembg]:
    """`rembg s` on loopback, with the very weights that our service uses, ended at the end.

    Its web page is left out, which makes it smaller and idle when nobody asks.
    """
    log, address = scratch / "rembg.log", f"http://127.0.0.1:{free_port()}"
    command = [*rembg(), "s", "--no-ui", "--host", "127.0.0.1", "--log_level", "warning"]
    http = urllib3.PoolManager(maxsize=16, retries=False, timeout=urllib3.Timeout(connect=5, read=ANSWER_S))
    environment_ = environment(scratch / "rembg", models)
    with started([*command, "--port", address.rpartition(":")[2]], environment_, log) as process:
        wait_until(lambda: _answers(http, address), process, log, START_S)
        yield Rembg(process, http, address)


def _answers(http: urllib3.PoolManager, address: str) -> bool:
    try:
        return http.request("GET", f"{address}/api").status == 200
    except urllib3.exceptions.HTTPError:
        return False
