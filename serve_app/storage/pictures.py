"""The picture store: a local folder, or S3, behind one interface by obstore.

A picture's path is `<job id>/<name>`. Both parts are checked, so that no path leads outside the store. A folder is for
one machine, or for several that mount the same folder; without that, several machines need S3.
"""

import re
from collections import defaultdict
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from obstore.exceptions import BaseError
from obstore.store import LocalStore, S3Store

from cutout.errors import ConfigurationError, NotFound, ServiceUnavailable

JOB_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NAME = re.compile(r"[a-z0-9][a-z0-9_]{0,99}(\.[a-z0-9]{1,8}){0,2}")
EXPECTED = "A folder's path, or s3://bucket/prefix, is expected"
DROPPED = "The pictures of this job are gone: the store was full (jobs.store_bytes), and the oldest make room"
MARK = "dropped.mark"
"""Name of the empty file that replaces such pictures until it is swept; a model's id has no dot."""
SUFFIX = ".kept"
"""Suffix of all file names of a request that is not a durable job."""
RETRY: Any = {"max_retries": 4, "retry_timeout": timedelta(seconds=30)}
"""How long S3 may be away before a call fails; a local folder is not tried again. The timeouts of a single try are
obstore's own, 5 s to connect and 30 s in all: options given here would hide those of the environment."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A stored picture; `chunks` can be read once."""

    size_bytes: int
    tag: str
    """Strong entity tag in its quotes: S3's own; in a folder, of the file's inode, time in µs and size."""
    chunks: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True)
class Holding:
    """The pictures of one job in the store."""

    job_id: str
    size_bytes: int
    newest: datetime
    """When its last picture was stored."""
    names: tuple[str, ...]


class PictureStore:
    """Pictures by job and name. Every method raises ServiceUnavailable while the store cannot be reached."""

    def __init__(self, store: LocalStore | S3Store) -> None:
        self._store = store

    @classmethod
    def at(cls, place: str) -> Self:
        """The store at a folder's path, or at `s3://bucket/prefix`.

        S3's credentials, region and endpoint come from the environment by obstore's own rules: AWS_ACCESS_KEY_ID,
        AWS_SECRET_ACCESS_KEY, AWS_REGION, AWS_ENDPOINT_URL, AWS_ALLOW_HTTP …

        Raises:
            ConfigurationError: an address of another kind, or a folder that cannot be made.
        """
        return cls(opened(place, "The picture store", writes=True))

    async def put(self, job_id: str, name: str, picture: bytes) -> None:
        """Store a picture; one of the same name is replaced atomically."""
        await asked(self._store.put_async(_place(job_id, name), picture))

    async def get(self, job_id: str, name: str) -> bytes:
        """All bytes of a picture; raises NotFound, whose message says if it was deleted to make room."""
        found = await self._found(job_id, name)
        return bytes(await asked(found.bytes_async()))

    async def open(self, job_id: str, name: str) -> Stored:
        """A picture to be read in chunks; raises NotFound as `get` does."""
        found = await self._found(job_id, name)
        chunks = (bytes(chunk) async for chunk in found.stream())
        return Stored(int(found.meta["size"]), found.meta["e_tag"], chunks)

    async def size_bytes(self, job_id: str, name: str) -> int:
        """The size of a picture; raises NotFound."""
        return int((await asked(self._store.head_async(_place(job_id, name))))["size"])

    async def drop(self, job_id: str, name: str) -> None:
        """Delete one picture; nothing happens when there is none."""
        await self._delete([_place(job_id, name)])

    async def drop_job(self, job_id: str) -> None:
        """Delete every picture of a job."""
        _place(job_id, "any")
        await self._drop_where(job_id, lambda _: True)

    async def make_room(self, job_id: str) -> None:
        """Delete every picture of a job, and leave a mark, so that callers can be told."""
        await self.drop_job(job_id)
        await self.put(job_id, MARK, b"")  # last: a full disk has room for it now

    async def dropped(self, job_id: str) -> bool:
        """Whether a job's pictures were deleted to make room."""
        try:
            await self.size_bytes(job_id, MARK)
        except NotFound:
            return False
        return True

    async def holdings(self) -> list[Holding]:
        """The jobs in the store, the one with the oldest last picture first.

        Marks do not count, nor do files that are not of this service.
        """
        files = defaultdict[str, list[Any]](list)
        async for page in self._ours():
            for meta in page:
                job_id, _, name = meta["path"].rpartition("/")
                if name != MARK:
                    files[job_id].append(meta)
        return sorted(map(_holding, files.values()), key=lambda holding: holding.newest)

    async def sweep(self, older_than_s: float, suffix: str = "") -> int:
        """Delete all pictures older than that whose name has the suffix; returns their number."""
        limit = datetime.now(UTC) - timedelta(seconds=older_than_s)
        return await self._drop_where(
            None, lambda meta: meta["last_modified"] < limit and meta["path"].endswith(suffix)
        )

    async def _found(self, job_id: str, name: str) -> Any:
        place = _place(job_id, name)
        try:
            return await asked(self._store.get_async(place))
        except NotFound as missing:
            if await self.dropped(job_id):
                raise NotFound(DROPPED) from missing
            raise

    async def _drop_where(self, prefix: str | None, old: Any) -> int:
        dropped = 0
        async for page in self._ours(prefix):
            paths = [meta["path"] for meta in page if old(meta)]
            await self._delete(paths)
            dropped += len(paths)
        return dropped

    async def _ours(self, prefix: str | None = None) -> AsyncIterator[list[Any]]:
        """Pages of the jobs' files; other files in the folder or the bucket are not of this service."""
        async for page in pages(self._store, prefix):
            yield [meta for meta in page if JOB_ID.fullmatch(meta["path"].rpartition("/")[0])]

    async def _delete(self, paths: list[str]) -> None:
        for path in paths:
            try:
                await asked(self._store.delete_async(path))
            except NotFound:
                continue  # another process deleted it


def opened(place: str, what: str, *, writes: bool = False) -> LocalStore | S3Store:
    """The store at a folder's path, which is made where it `writes`, or at `s3://bucket/prefix`.

    Raises:
        ConfigurationError: an address of another kind, or a folder that is not there or cannot be made; names `what`.
    """
    try:
        if place.startswith("s3://"):
            return S3Store.from_url(place, retry_config=RETRY)
        if "://" not in place:
            if writes:
                Path(place).mkdir(mode=0o700, parents=True, exist_ok=True)
            return LocalStore(place, automatic_cleanup=writes, mkdir=writes)
    except (BaseError, ValueError, OSError) as wrong:
        raise ConfigurationError(f"{what} cannot be opened. {EXPECTED}") from wrong
    raise ConfigurationError(f"{what}: {EXPECTED[0].lower()}{EXPECTED[1:]}")


async def pages(store: LocalStore | S3Store, prefix: str | None) -> AsyncIterator[list[Any]]:
    """The files below a prefix, page by page: each with its `path`, `size` and `last_modified`."""
    listing = store.list(prefix).__aiter__()
    while page := await asked(_next(listing)):
        yield page


async def _next(listing: Any) -> Any:
    return await anext(listing, None)


async def asked(answer: Any) -> Any:
    """What a store answers; raises NotFound or ServiceUnavailable in the place of its errors."""
    try:
        return await answer
    except FileNotFoundError as missing:
        raise NotFound("No such picture; it may have been swept") from missing
    except (BaseError, OSError) as trouble:
        raise ServiceUnavailable("The picture store cannot be reached for now") from trouble


def _holding(metas: list[Any]) -> Holding:
    job_id = metas[0]["path"].rpartition("/")[0]
    names = tuple(meta["path"].rpartition("/")[2] for meta in metas)
    return Holding(job_id, sum(meta["size"] for meta in metas), max(meta["last_modified"] for meta in metas), names)


def _place(job_id: str, name: str) -> str:
    if not JOB_ID.fullmatch(job_id) or not NAME.fullmatch(name):
        raise NotFound("No such picture")
    return f"{job_id}/{name}"
