"""The Dockerfile's image, built by buildah on a base that is made of Debian's own packages.

For where no registry of images can be reached. Needs root, mmdebstrap and buildah, which isolates by chroot: podman and
its runtimes want control groups of their own. What the machine needs to reach its package registries is lent to the
build and is not part of the image.
"""

import json
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

BASE = re.compile(r"^ARG PYTHON=([\d.]+)$.*?^FROM python:\$\{PYTHON\}-slim-(\w+)", re.MULTILINE | re.DOTALL)
PACKAGES = "ca-certificates,python3,python3-venv,python3-pip,python-is-python3"
LENT = ("/etc/hosts", "/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt", "/root/.npmrc")
NAME = "cutout-shotgun:check"


@dataclass(frozen=True)
class Buildah:
    """buildah with a storage of its own, in plain folders, which any file system can hold."""

    folder: Path

    def __call__(self, *words: str) -> str:
        """What one of its commands prints; raises CalledProcessError when it fails."""
        storage = [f"--root={self.folder}/store", f"--runroot={self.folder}/run", "--storage-driver=vfs"]
        return subprocess.run(
            ["buildah", *storage, *words], check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()


def build(buildah: Buildah, arguments: Sequence[str]) -> None:
    """Build the image; `arguments` are the Dockerfile's, NAME=VALUE each."""
    _make_base(buildah)
    volumes = [f"--volume={file}:{file}:ro" for file in lent()]
    given = [f"--build-arg={argument}" for argument in arguments]
    options = ["--isolation=chroot", "--network=host", "--pull=never", "--format=docker", f"--tag={NAME}"]
    buildah("bud", *options, *volumes, *given, ".")


def lent() -> list[str]:
    """The files that this machine needs to reach its registries."""
    return [file for file in LENT if Path(file).exists()]


def mounted(buildah: Buildah) -> tuple[Path, dict[str, Any]]:
    """The root of a container of the image, and the image's settings as Docker names them."""
    settings: dict[str, Any] = json.loads(buildah("inspect", "--type=image", NAME))["Docker"]["config"]
    return Path(buildah("mount", buildah("from", "--pull-never", NAME))), settings


def _make_base(buildah: Buildah) -> None:
    """An image like `python:3.X-slim-SUITE`: Debian's smallest, with Debian's own Python."""
    found = BASE.search(Path("Dockerfile").read_text(encoding="utf-8"))
    if not found:
        raise ValueError("Dockerfile: FROM python:${PYTHON}-slim-SUITE expected")
    version, suite = found.groups()
    root = buildah.folder / "base.tar"
    sources = [str(file) for file in Path("/etc/apt/sources.list.d").glob("debian.sources")]
    settings = [f"--aptopt={file}" for file in sorted(Path("/etc/apt/apt.conf.d").glob("99*"))]
    made = ["mmdebstrap", "--quiet", "--variant=minbase", f"--include={PACKAGES}", *settings, suite, str(root)]
    subprocess.run([*made, *sources], check=True)
    container = buildah("from", "scratch")
    buildah("add", "--quiet", container, str(root), "/")
    has = buildah("run", "--isolation=chroot", container, "--", "python3", "--version")
    if not has.startswith(f"Python {version}."):
        raise ValueError(f"Dockerfile: Debian {suite} has {has}, not {version}")
    buildah("commit", "--quiet", "--rm", container, f"docker.io/library/python:{version}-slim-{suite}")
