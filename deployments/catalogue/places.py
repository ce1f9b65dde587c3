"""Where a catalogue's pictures are, and where its results go: a folder, or an object store by its URL."""

import asyncio
import os
import threading
from collections.abc import Awaitable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol, TypeVar

from filelock import FileLock, Timeout
from obstore.exceptions import BaseError
from obstore.store import from_url

from cutout.errors import ConfigurationError, Conflict, NotFound, ServiceUnavailable
from cutout.whole_file import write_whole
from deployments.catalogue.lease import BUSY, leased

EXPECTED = "a folder, or a URL such as s3://bucket/prefix, gs://bucket/prefix or az://container/prefix, expected"
RETRY: Any = {"max_retries": 8, "retry_timeout": timedelta(seconds=120)}
"""How long an object store may refuse, drop or delay a call before the call fails."""
HOLD = ".catalogue/lock"
"""The file by which a run holds a place."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Listed:
    """A file of a place."""

    path: str
    """Within the place, its parts separated by `/`."""
    version: str
    """Changes when the file does: of an object its ETag, of a file its size and time of change."""


class Place(Protocol):
    """Files by path. Every method raises ServiceUnavailable when the place cannot be reached or written."""

    address: str
    """A folder's absolute path, or a URL, without a `/` at the end."""

    def files(self, under: str = "") -> Iterator[Listed]:
        """All files of the place, or of a folder of it, in no order; none where there is no such folder."""

    async def get(self, path: str) -> bytes:
        """The bytes of a file; raises NotFound."""

    async def put(self, path: str, data: bytes) -> None:
        """Write a file completely or not at all, and replace one that is there."""

    async def drop(self, path: str) -> None:
        """Delete a file; nothing happens when there is none."""

    def held(self) -> AbstractContextManager[threading.Event]:
        """The place for one run alone, until the end or its process's death; set when another run has it meanwhile.

        Raises:
            Conflict: another run holds it.
        """


def place(address: str) -> Place:
    """The place at an address.

    An object store's credentials, region and endpoint come from the environment, by obstore's rules: for S3
    AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL …

    Raises:
        ConfigurationError: it is neither a folder's path nor the URL of an object store.
    """
    if "://" not in address:
        return Folder(Path(address))
    try:
        return Bucket(address, from_url(address, retry_config=RETRY))
    except (BaseError, ValueError, TypeError) as wrong:
        raise ConfigurationError(f"{address}: {EXPECTED}") from wrong


class Folder(Place):
    """A folder, of this machine or mounted on all machines of a cluster."""

    def __init__(self, path: Path) -> None:
        self._path = path.expanduser().resolve()
        self.address = str(self._path)

    def files(self, under: str = "") -> Iterator[Listed]:
        """See Place. Hidden files and folders are left out, unless `under` is within one."""
        top = self._path / under
        for folder, folders, names in os.walk(top):
            folders[:] = [name for name in folders if not name.startswith(".")]
            for name in names:
                if not name.startswith("."):
                    yield self._listed(Path(folder) / name)

    def _listed(self, file: Path) -> Listed:
        found = file.stat()
        return Listed(file.relative_to(self._path).as_posix(), f"{found.st_size}-{found.st_mtime_ns}")

    async def get(self, path: str) -> bytes:
        """See Place."""
        try:
            return await asyncio.to_thread((self._path / path).read_bytes)
        except FileNotFoundError as missing:
            raise NotFound(f"{path}: there is no such file") from missing
        except OSError as refused:
            raise ServiceUnavailable(f"{path}: {refused.strerror}") from refused

    async def put(self, path: str, data: bytes) -> None:
        """See Place."""
        try:
            await asyncio.to_thread(write_whole, self._path / path, data)
        except OSError as refused:
            raise ServiceUnavailable(f"{path}: {refused.strerror}") from refused

    async def drop(self, path: str) -> None:
        """See Place."""
        (self._path / path).unlink(missing_ok=True)

    @contextmanager
    def held(self) -> Iterator[threading.Event]:
        """See Place. The operating system frees the file's lock when the process ends, however it ends."""
        lock = FileLock(self._path / HOLD)
        try:
            Path(lock.lock_file).parent.mkdir(parents=True, exist_ok=True)
            lock.acquire(timeout=0)
        except Timeout as taken:
            raise Conflict(f"{self.address}: {BUSY}") from taken
        except OSError as refused:
            raise ServiceUnavailable(f"{self.address}: {refused.strerror}") from refused
        try:
            yield threading.Event()
        finally:
            lock.release()


class Bucket(Place):
    """An object store, or the part of one below a prefix."""

    def __init__(self, address: str, store: Any) -> None:
        """`store` is obstore's."""
        self.address = address.rstrip("/")
        self._store = store

    def files(self, under: str = "") -> Iterator[Listed]:
        """See Place. Objects that are hidden or in a hidden folder are left out, unless `under` is within one."""
        try:
            for page in self._store.list(under or None, chunk_size=1000):
                for meta in page:
                    within = meta["path"].removeprefix(under).lstrip("/")
                    if not any(part.startswith(".") for part in within.split("/")):
                        yield Listed(meta["path"], meta["e_tag"] or f"{meta['size']}-{meta['last_modified']}")
        except (BaseError, OSError) as trouble:
            raise ServiceUnavailable(f"{self.address} cannot be listed: {_reason(trouble)}") from trouble

    async def get(self, path: str) -> bytes:
        """See Place."""
        found = await self._asked(path, self._store.get_async(path))
        return bytes(await self._asked(path, found.bytes_async()))

    async def put(self, path: str, data: bytes) -> None:
        """See Place."""
        await self._asked(path, self._store.put_async(path, data))

    async def drop(self, path: str) -> None:
        """See Place."""
        try:
            await self._asked(path, self._store.delete_async(path))
        except NotFound:
            return

    @contextmanager
    def held(self) -> Iterator[threading.Event]:
        """See Place. A run that is killed holds it for LEASE_S longer."""
        with ExitStack() as stack:
            try:
                lost = stack.enter_context(leased(self._store, HOLD))
            except Conflict as taken:
                raise Conflict(f"{self.address}: {taken.message}") from taken
            except (BaseError, OSError) as trouble:
                raise ServiceUnavailable(f"{self.address}/{HOLD}: {_reason(trouble)}") from trouble
            yield lost

    async def _asked(self, path: str, answer: Awaitable[T]) -> T:
        try:
            return await answer
        except FileNotFoundError as missing:
            raise NotFound(f"{self.address}/{path}: there is no such object") from missing
        except (BaseError, OSError) as trouble:
            raise ServiceUnavailable(f"{self.address}/{path}: {_reason(trouble)}") from trouble


def _reason(trouble: Exception) -> str:
    """The first line of an error's text, shortened: obstore adds lines for programmers."""
    return str(trouble).strip().split("\n")[0][:200]
