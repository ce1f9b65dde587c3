"""python -m scripts.container_check: builds the Dockerfile's image, and runs it.

The image's command runs in a container's root, as its user and as process 1, and must behave: refuse to listen on all
addresses without keys, make a key in its volume as README.md does, become healthy by its own health check, answer a
picture to who has that key and to nobody else, end on its stop signal.
"""

import argparse
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.processes import free_port
from scripts.image import Buildah, build, lent, mounted

TOOLS = ("buildah", "mmdebstrap", "unshare", "setpriv")
HEALTHY_S = 240
STOP_S = 30
KEYS = "/data/keys"
PHOTO = Path("tests/photos/coffee.jpg")


@dataclass(frozen=True)
class Container:
    """A root, and the settings of its image."""

    root: Path
    settings: dict[str, Any]

    def command(self, *words: str, **variables: str) -> list[str]:
        """What runs `words` in it as a process 1 of its own, with /proc, /dev and 3 GB of /dev/shm.

        It has what this machine lends, too: models fetch their weights.
        """
        user, root = self.settings["User"], self.root
        run = ["chroot", str(root), "setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]
        given = [*self.settings["Env"], *(f"{name}={value}" for name, value in variables.items())]
        run += ["--no-new-privs", "env", "-i", f"--chdir={self.settings['WorkingDir']}", *given, *words]
        steps = [
            f"mount -t proc proc {root}/proc",
            f"mount --rbind /dev {root}/dev",
            f"mount -t tmpfs -o size=3g,mode=1777 shm {root}/dev/shm",
            *(f"touch {root}{file} && mount --bind {file} {root}{file}" for file in lent()),
            f"exec {shlex.join(run)}",
        ]
        return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-e", "-c", "\n".join(steps)]


def check(container: Container) -> None:
    """Run the image; AssertionError says what it did not do."""
    words, port = container.settings["Cmd"], free_port()
    assert container.settings["User"] not in ("", "0", "root"), "the image runs as root"
    refused = subprocess.run(container.command(*words), capture_output=True, text=True, timeout=HEALTHY_S, check=False)
    assert refused.returncode == 2, refused
    assert "API keys are required" in refused.stderr, refused.stderr
    print("without keys: ", refused.stderr.strip())
    key = _key(container)
    variables = {"HOST": "127.0.0.1", "PORT": str(port), "CUTOUT_API_KEYS_FILE": KEYS}
    service = subprocess.Popen(container.command(*words, **variables))
    try:
        print(f"healthy after {_healthy_s(container, port, service):.0f} s, as user {_uid(service)}")
        for given, expected in (("", 401), (key[:-1] + "x", 401), (key, 200)):
            status, length = _cut(port, given)
            assert status == expected, (status, expected)
        print(f"a picture:     {status}, {length:,} bytes, with the key; without it, or with another, 401")
        begun, stop = time.monotonic(), container.settings["StopSignal"]
        os.kill(_first(service), signal.Signals[stop])
        assert service.wait(STOP_S) == 0, service.returncode
        print(f"ended {time.monotonic() - begun:.1f} s after {stop}, with exit code 0")
    finally:
        if service.poll() is None:
            os.kill(_first(service), signal.SIGKILL)  # all of the container ends with its process 1


def _healthy_s(container: Container, port: int, service: "subprocess.Popen[bytes]") -> float:
    begun = time.monotonic()
    probe = container.command(*container.settings["Healthcheck"]["Test"][1:], PORT=str(port))
    while subprocess.run(probe, capture_output=True, check=False).returncode:
        assert service.poll() is None, "the service ended"
        assert time.monotonic() - begun < HEALTHY_S, "the service did not become healthy"
        time.sleep(1)
    return time.monotonic() - begun


def _key(container: Container) -> str:
    """A new key, in a file of the volume that only the container's user can read."""
    make = container.command("cutout", "keys", "make", "My shop", "--file", KEYS)
    key = subprocess.run(make, check=True, stdout=subprocess.PIPE, text=True, timeout=HEALTHY_S).stdout.strip()
    file = container.root / KEYS.removeprefix("/")
    mode = f"{file.stat().st_mode & 0o777:o}"
    assert mode == "600", mode
    assert key not in file.read_text(encoding="utf-8"), "the key is stored in plain text"
    print(f"a key:         of {len(key)} characters, in {KEYS}, mode {mode}")
    return key


def _cut(port: int, key: str) -> tuple[int, int]:
    """Status and bytes of the answer to a picture."""
    url = f"http://127.0.0.1:{port}/remove-background?include_models=all"
    headers = {"Content-Type": "image/jpeg"} | ({"Authorization": f"Bearer {key}"} if key else {})
    request = urllib.request.Request(url, PHOTO.read_bytes(), headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, len(answer.read())
    except urllib.error.HTTPError as refused:
        return refused.code, len(refused.read())


def _first(service: "subprocess.Popen[bytes]") -> int:
    """Process 1 of the container, as this machine numbers it."""
    return int(Path(f"/proc/{service.pid}/task/{service.pid}/children").read_text().split()[0])


def _uid(service: "subprocess.Popen[bytes]") -> str:
    status = Path(f"/proc/{_first(service)}/status").read_text()
    return next(line.split()[1] for line in status.splitlines() if line.startswith("Uid"))


def main() -> int:
    """0 when the image is what it should be."""
    parser = argparse.ArgumentParser(prog="python -m scripts.container_check", description=__doc__)
    parser.add_argument("part", nargs="?", choices=("build", "run"), help="default: both")
    parser.add_argument("--folder", type=Path, help="where the image is kept; default: a scratch folder")
    parser.add_argument("--build-arg", action="append", default=[], metavar="NAME=VALUE")
    options = parser.parse_args()
    if missing := [tool for tool in TOOLS if not shutil.which(tool)]:
        print(
            f"{', '.join(missing)} expected, and root: apt-get install buildah mmdebstrap util-linux", file=sys.stderr
        )
        return 2
    with tempfile.TemporaryDirectory(prefix="cutout-container-") as scratch:
        buildah = Buildah((options.folder or Path(scratch)).resolve())
        if options.part != "run":
            build(buildah, options.build_arg)
        if options.part != "build":
            check(Container(*mounted(buildah)))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
