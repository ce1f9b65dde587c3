"""A clean Debian root that stands for an image, and programs that run in it as they would in a container.

Needs root, mmdebstrap and util-linux. What the machine needs to reach its mirrors and registries (variables, pip's and
npm's settings, certificates) is lent to a build step and does not stay in the root, as a proxy is by an engine.
"""

import os
import re
import shlex
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

IMAGE = re.compile(r"python:(?P<version>3\.\d+)-slim-(?P<suite>\w+)")
PACKAGES = "ca-certificates,python3,python3-venv,python3-pip,python-is-python3"
LENT = re.compile(
    r"(?i)(pip_(?!find_links).*|npm_config_.*|.*_ca_.*|ssl_cert_.*|requests_ca_bundle|(https?|no)_proxy)$"
)
LENT_FILES = (
    "/etc/hosts", "/etc/resolv.conf", "/etc/pip.conf", "/etc/ssl/certs/ca-certificates.crt", "/root/.npmrc",
)  # fmt: skip
STEP_S = 1800


def make(image: str, root: Path) -> None:
    """A root like `python:3.X-slim-SUITE`: Debian's smallest, with Debian's own Python.

    Raises:
        ValueError: another kind of image, or a Python that this Debian does not have.
    """
    wanted = IMAGE.fullmatch(image)
    if not wanted:
        raise ValueError(f"FROM {image}: python:3.X-slim-SUITE expected")
    mirrors = [str(file) for file in Path("/etc/apt/sources.list.d").glob("debian.sources")]
    settings = [f"--aptopt={file}" for file in sorted(Path("/etc/apt/apt.conf.d").glob("99*"))]
    _run(
        [
            "mmdebstrap",
            "--quiet",
            "--variant=minbase",
            f"--include={PACKAGES}",
            *settings,
            wanted["suite"],
            str(root),
            *mirrors,
        ]
    )
    found = _run(["chroot", str(root), "python3", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).strip()
    if found != wanted["version"]:
        raise ValueError(f"FROM {image}: Debian {wanted['suite']} has Python {found}")


def inside(root: Path, user: str, folder: str, variables: Mapping[str, str], words: Sequence[str]) -> list[str]:
    """The command that runs `words` in the root as a process 1 of its own, with /proc, /dev and 3 GB of /dev/shm."""
    lent = [file for file in LENT_FILES if Path(file).exists()]
    given = [f"{name}={value}" for name, value in variables.items()]
    run = ["chroot", str(root), "setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups", "--no-new-privs"]
    run += ["env", "-i", f"--chdir={folder}", *given, *words]
    mounts = [
        f"mount -t proc proc {root}/proc",
        f"mount --rbind /dev {root}/dev",
        f"mount -t tmpfs -o size=3g,mode=1777 shm {root}/dev/shm",
        *(
            f"mkdir -p {root}{Path(file).parent} && touch {root}{file} && mount --bind {file} {root}{file}"
            for file in lent
        ),
        f"exec {shlex.join(run)}",
    ]
    return ["unshare", "--mount", "--pid", "--fork", "--kill-child", "sh", "-e", "-c", "\n".join(mounts)]


def execute(root: Path, user: str, folder: str, variables: Mapping[str, str], words: Sequence[str]) -> str:
    """Run it to its end, with what the machine lends; what it printed.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    lent = {name: value for name, value in os.environ.items() if LENT.match(name)}
    return _run(inside(root, user, folder, {**lent, **variables}, words))


def copy(source: Path, target: Path, ignored: Sequence[str]) -> None:
    """A file, or what is in a folder, as COPY does; links stay links."""
    if source.is_dir():
        ignore = shutil.ignore_patterns(*ignored)
        shutil.copytree(source, target, symlinks=True, ignore=ignore, dirs_exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target)


def _run(words: Sequence[str]) -> str:
    return subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True, timeout=STEP_S).stdout
