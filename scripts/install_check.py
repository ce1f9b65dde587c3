"""python -m scripts.install_check: installs the wheel as people do, and runs what README.md shows of it.

Each extra gets an environment of its own, outside the checkout. Reports seconds, packages and megabytes.
"""

import argparse
import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.processes import free_port, started, wait_until

ROOT = Path(__file__).parent.parent
PHOTO = ROOT / "tests" / "photos" / "coffee.jpg"
PARTS = ("base", "local", "service", "catalogue", "mcp")
"""The package without extras, and each of them."""
MOST_PACKAGES, MOST_MB = 20, 40
"""Of the installation without extras; the packages are those beside this one."""
READY_S = 240
LOCALHOST = "http://localhost:8000"
MYPY = ("--strict", "--disallow-any-expr", "--no-incremental", "--config-file=")


@dataclass(frozen=True)
class Environment:
    """A virtual environment, and what was installed in it."""

    folder: Path
    seconds: float
    packages: int
    """How many were installed beside this one."""
    mb: float

    @classmethod
    def of(cls, folder: Path, requirement: str) -> "Environment":
        """A new one at `folder` with `requirement` installed."""
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        site = next(folder.glob("lib/python*/site-packages"))
        before, begun = set(site.iterdir()), time.monotonic()
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--no-cache-dir", requirement], check=True)
        seconds, new = time.monotonic() - begun, set(site.iterdir()) - before
        packages = sum(entry.suffix == ".dist-info" for entry in new) - 1
        return cls(folder, seconds, packages, sum(map(_size_bytes, new)) / 1e6)

    @property
    def variables(self) -> dict[str, str]:
        """The environment with its programs first."""
        return {**os.environ, "PATH": f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}

    def run(self, line: str, folder: Path) -> None:
        """Run a line of shell in a folder, and say how long it took."""
        begun = time.monotonic()
        subprocess.run(["bash", "-ec", line], cwd=folder, env=self.variables, stdin=subprocess.DEVNULL, check=True)
        print(f"  {time.monotonic() - begun:6.1f} s  {line.splitlines()[0]}", flush=True)


def _size_bytes(entry: Path) -> int:
    files = [entry] if entry.is_file() else entry.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def wheel(folder: Path) -> Path:
    """The wheel, built in a folder; without what an earlier build left, which setuptools would put in again."""
    shutil.rmtree(ROOT / "build", ignore_errors=True)
    subprocess.run([sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", folder, ROOT], check=True)
    return next(folder.glob("*.whl"))


def shown(language: str, part: str) -> list[str]:
    """What README.md shows in a language for a part: the blocks after `<!-- installed: PART -->`."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    mark = rf"<!-- installed: {part} -->\n```{language}\n(.*?)```"
    return re.findall(mark, text, re.DOTALL)


@contextmanager
def served(environment: Environment, folder: Path) -> Iterator[str]:
    """The address of `cutout serve`, once it is ready."""
    port, log = free_port(), folder / "service.log"
    url = f"http://127.0.0.1:{port}"
    variables = {**environment.variables, "PORT": str(port), "CUTOUT_DATA_DIR": str(folder / "data")}
    begun = time.monotonic()
    with (
        contextlib.chdir(folder),
        started([str(environment.folder / "bin" / "cutout"), "serve"], variables, log) as service,
    ):
        wait_until(lambda: _is_ready(url), service, log, READY_S)
        print(f"  {time.monotonic() - begun:6.1f} s  cutout serve, until it is ready", flush=True)
        yield url


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/health/ready", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


def check_types(environment: Environment, folder: Path) -> None:
    """Mypy finds the client typed throughout: no expression of README.md's example is an Any."""
    for block in shown("python", "base"):
        (folder / "typed.py").write_text(block)
        python = f"--python-executable={environment.folder / 'bin' / 'python'}"
        subprocess.run([sys.executable, "-m", "mypy", *MYPY, python, "typed.py"], cwd=folder, check=True)


def check_size(environment: Environment) -> None:
    """Without extras, the installation is small."""
    assert environment.packages <= MOST_PACKAGES, f"{environment.packages} packages"
    assert environment.mb <= MOST_MB, f"{environment.mb:.0f} MB"


def main() -> int:
    """0 when everything that README.md shows works."""
    parser = argparse.ArgumentParser(prog="python -m scripts.install_check", description=__doc__)
    parser.add_argument("--part", action="append", choices=PARTS, help="repeat for more; default: all")
    parts = parser.parse_args().part or PARTS
    with tempfile.TemporaryDirectory(prefix="cutout-install-") as scratch:
        folder = Path(scratch)
        built = wheel(folder / "dist")
        made = {part: _installed(folder, built, part) for part in parts}
        shutil.copy(PHOTO, folder / "photo.jpg")
        if "base" in made:
            check_size(made["base"])
            check_types(made["base"], folder)
        for part in ("local", "catalogue", "mcp"):
            for block in shown("sh", part) if part in made else ():
                made[part].run(block, folder)
        if {"base", "service"} <= made.keys():
            _check_service(made["service"], made["base"], folder)
    return 0


def _check_service(service: Environment, base: Environment, folder: Path) -> None:
    with served(service, folder) as url:
        for block in shown("sh", "base"):
            base.run(block.replace(LOCALHOST, url), folder)
        for block in shown("python", "base"):
            (folder / "example.py").write_text(block.replace(LOCALHOST, url))
            base.run("python example.py", folder)


def _installed(folder: Path, built: Path, part: str) -> Environment:
    environment = Environment.of(folder / part, str(built) if part == "base" else f"{built}[{part}]")
    size = f"{environment.packages} packages, {environment.mb:.0f} MB"
    print(f"{part:8} {size} in {environment.seconds:.0f} s", flush=True)
    return environment


if __name__ == "__main__":
    raise SystemExit(main())
