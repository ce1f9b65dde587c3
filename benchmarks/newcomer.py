"""python -m benchmarks.newcomer: a newcomer's steps with rembg and here; writes the table of docs/first-steps.md.

Each side starts in an empty folder, which is its home, too. Every step is a line of shell, as a person would type it. A
step's megabytes are those by which the folder grew.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from contextlib import ExitStack, chdir
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.findings import table
from benchmarks.peers import version
from benchmarks.processes import free_port, started, wait_until
from scripts.client_types import copied
from scripts.install_check import PHOTO, ROOT, wheel

PAGE = ROOT / "docs" / "first-steps.md"
MARK = re.compile(r"(<!-- steps -->\n).*?(<!-- end -->)", re.DOTALL)
STEP_S = 900
"""Longest step, in seconds; an installation on a slow line takes most of it."""
PIP = "pip install --quiet --no-cache-dir --disable-pip-version-check"
WEIGHTS = Path(".rembg", "models", "u2netp", "u2netp.onnx")
OUR_PYTHON = """
from cutout_client import Client
with Client("URL", api_key="KEY") as client:
    client.remove_background("photo.jpg", "local_u2netp")["local_u2netp"].save("python.png")
"""
OUR_NODE = """
import { readFile, writeFile } from "node:fs/promises";
import { Client } from "cutout-shotgun";
const client = new Client("URL", { apiKey: "KEY" });
await writeFile("node.png", await client.remove(await readFile("photo.jpg"), "local_u2netp"));
"""
THEIR_PYTHON = """
import requests
answer = requests.post("URL/api/remove", files={"file": open("photo.jpg", "rb")}, data={"model": "u2netp"})
answer.raise_for_status()
open("python.png", "wb").write(answer.content)
"""
THEIR_NODE = """
import { readFile, writeFile } from "node:fs/promises";
const form = new FormData();
form.append("file", new Blob([await readFile("photo.jpg")]), "photo.jpg");
form.append("model", "u2netp");
const answer = await fetch("URL/api/remove", { method: "POST", body: form });
if (!answer.ok) throw new Error(await answer.text());
await writeFile("node.png", Buffer.from(await answer.arrayBuffer()));
"""
OUR_CURL = 'curl -sf URL/remove-background -H "X-API-Key: KEY" -H "Accept: image/png" -F image=@photo.jpg'


@dataclass
class Side:
    """A newcomer's folder, and what each step cost."""

    folder: Path
    programs: dict[str, str]
    """Text of files that a person would write, by name; URL and KEY stand for what is known when they are run."""
    cells: list[tuple[str, str]] = field(default_factory=list)
    """Seconds and megabytes of each step."""
    words: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        shutil.copy(PHOTO, self.folder / "photo.jpg")
        shutil.copytree(PHOTO.parent, self.folder / "photos", ignore=shutil.ignore_patterns("*.md"))
        subprocess.run([sys.executable, "-m", "venv", str(self.folder / "venv")], check=True)
        path = f"{self.folder / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        own = {"PATH": path, "HOME": str(self.folder), "CUTOUT_API_KEYS_FILE": str(self.folder / "keys")}
        npm = {"NPM_CONFIG_USERCONFIG": str(Path("~/.npmrc").expanduser())}  # where this machine's registry may stand
        hidden = ("U2NET_HOME", "XDG_DATA_HOME", "REMBG_HOME", "CUTOUT_DATA_DIR")
        kept = {name: value for name, value in os.environ.items() if name not in hidden}
        # The weights come from a package, and not from rembg's release, whose checksum rembg knows.
        self.variables = {**kept, **npm, **own, "MODEL_CHECKSUM_DISABLED": "1"}

    def step(self, line: str) -> str:
        """Run a line of shell and note what it cost; returns what it printed.

        Raises:
            SystemExit: it failed, or took longer than STEP_S; the message names the step.
        """
        for name, text in self.programs.items():
            (self.folder / name).write_text(self._filled(text))
        begun, before = time.monotonic(), _megabytes(self.folder)
        try:
            printed = _run(self._filled(line), self.folder, self.variables)
        except subprocess.SubprocessError as fault:
            raise self._failed(fault) from None
        self._note(time.monotonic() - begun, _megabytes(self.folder) - before)
        return printed.strip()

    def without(self) -> None:
        """Note that this side has no such step."""
        self.cells.append(("none", ""))

    def serve(self, stack: ExitStack, command: str, probe: str) -> None:
        """Start a server, which ends with the stack, and note how long it took to be ready; raises as `step`."""
        port, log = free_port(), self.folder / "server.log"
        self.words["URL"] = f"http://127.0.0.1:{port}"
        words = command.replace("PORT", str(port)).split()
        begun, before = time.monotonic(), _megabytes(self.folder)
        variables = {**self.variables, "PORT": str(port), "BROWSER": "true"}
        program = [str(self.folder / "venv" / "bin" / words[0]), *words[1:]]
        with chdir(self.folder):
            server = stack.enter_context(started(program, variables, log))
        try:
            wait_until(lambda: _answers(self.words["URL"] + probe), server, log, STEP_S)
        except RuntimeError as fault:
            raise self._failed(fault) from None
        self._note(time.monotonic() - begun, _megabytes(self.folder) - before)

    def _filled(self, text: str) -> str:
        for word, meaning in self.words.items():
            text = text.replace(word, meaning)
        return text

    def _failed(self, fault: Exception) -> SystemExit:
        return SystemExit(f"{self.folder.name}, {STEPS[len(self.cells)]}: {fault}")

    def _note(self, seconds: float, mb: float) -> None:
        self.cells.append((f"{seconds:.1f}", f"{mb:.0f}" if mb >= 1 else "0"))
        print(f"  {seconds:7.1f} s {mb:7.1f} MB  {STEPS[len(self.cells) - 1]}", flush=True)


def _run(line: str, folder: Path, variables: Mapping[str, str]) -> str:
    """What a line of shell prints; after STEP_S it is killed, with what it has started."""
    shell = ["bash", "-ec", line]
    with subprocess.Popen(
        shell, cwd=folder, env=variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, start_new_session=True
    ) as process:
        try:
            printed, _ = process.communicate(timeout=STEP_S)
        except BaseException:  # Ctrl-C does not reach it either
            os.killpg(process.pid, signal.SIGKILL)
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, line)
    return printed.decode()


STEPS = (
    "install, for this machine", "first cutout", "first batch: a folder of four photographs", "install, for a server",
    "first key", "the server is ready", "first request, by curl", "first request in Python", "first request in Node",
)  # fmt: skip


def ours(side: Side, stack: ExitStack, built: Path, package: Path) -> None:
    """Every step here."""
    side.step(f"{PIP} '{built}[local]'")
    side.step("cutout remove photo.jpg -m local_u2netp -o cutout.png")
    side.step("cutout remove photos/ -m local_u2netp -o cutouts/")
    side.step(f"{PIP} '{built}[service]'")
    side.words["KEY"] = side.step("cutout keys make 'The print shop'")
    side.serve(stack, "cutout serve", "/health/ready")
    side.step(f"{OUR_CURL} -F include_models=local_u2netp -o curl.png")
    side.step("python request.py")
    side.step(f"npm install --silent --no-audit --no-fund --cache npm '{package}' && node request.mjs")


def theirs(side: Side, stack: ExitStack, weights: Path) -> None:
    """Every step with rembg, whose weights are put where it would download them to."""
    side.step(f"{PIP} 'rembg[cpu,cli]=={version('rembg')}'")
    (side.folder / WEIGHTS).parent.mkdir(parents=True)
    shutil.copy(weights, side.folder / WEIGHTS)
    side.step("rembg i -m u2netp photo.jpg cutout.png")
    side.step("rembg p -m u2netp photos cutouts")
    side.without()
    side.without()
    side.serve(stack, "rembg s --no-ui --host 127.0.0.1 --port PORT", "/api")
    side.step("curl -sf URL/api/remove -F file=@photo.jpg -F model=u2netp -o curl.png")
    side.step("python request.py")
    side.step("node request.mjs")


def main() -> int:
    """0 when every step of both sides succeeded."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="cutout-newcomer-") as scratch, ExitStack() as stack:
        folder = Path(scratch)
        built, package = wheel(folder / "dist"), _packed(folder)
        print("here", flush=True)
        here = Side(folder / "here", {"request.py": OUR_PYTHON, "request.mjs": OUR_NODE})
        ours(here, stack, built, package)
        stack.close()
        print("rembg", flush=True)
        there = Side(folder / "rembg", {"request.py": THEIR_PYTHON, "request.mjs": THEIR_NODE})
        theirs(there, stack, here.folder / WEIGHTS)
    rows = ((step, *b, *a) for step, a, b in zip(STEPS, here.cells, there.cells, strict=True))
    written = table(["step", "rembg, s", "MB", "here, s", "MB"], rows)
    said = f"Measured on {len(os.sched_getaffinity(0))} cores; the load before the run was {load:.1f}."
    print(f"{written}\n\n{said}")
    PAGE.write_text(MARK.sub(rf"\g<1>{written}\n\n{said}\n\g<2>", PAGE.read_text()))
    return 0


def _packed(folder: Path) -> Path:
    """The JavaScript client as npm publishes it."""
    copy = copied(folder / "javascript")
    subprocess.run(["npm", "pack", "--silent"], cwd=copy, check=True, stdout=subprocess.DEVNULL)
    return next(copy.glob("*.tgz"))


def _megabytes(folder: Path) -> float:
    files = (Path(path, name) for path, _, names in os.walk(folder) for name in names)
    return sum(file.lstat().st_size for file in files if file.exists()) / 1e6


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


if __name__ == "__main__":
    raise SystemExit(main())
