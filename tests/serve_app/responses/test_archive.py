"""An archive, written while it is sent."""

import io
import zipfile
from collections.abc import AsyncIterator

import pytest

from serve_app.responses.archive import CHUNK_BYTES, zipped

pytestmark = pytest.mark.anyio
LARGE = bytes(range(256)) * 10_000


async def test_files_come_back() -> None:
    """Large and empty files with names of any script are in the archive, unchanged, in chunks of bounded size."""
    files = {"ä b.png": LARGE, "empty": b"", "results.json": b"{}"}

    async def all_of_them() -> AsyncIterator[tuple[str, bytes]]:
        for name, data in files.items():
            yield name, data

    chunks = [chunk async for chunk in zipped(all_of_them())]

    assert max(map(len, chunks)) <= CHUNK_BYTES
    archive = zipfile.ZipFile(io.BytesIO(b"".join(chunks)))
    assert archive.testzip() is None
    assert {name: archive.read(name) for name in archive.namelist()} == files
    assert [entry.compress_type for entry in archive.infolist()] == [zipfile.ZIP_STORED] * 3


async def test_the_second_file_is_asked_for_when_the_first_is_sent() -> None:
    """No file is held before the one in front of it is on its way."""
    asked: list[str] = []

    async def one_by_one() -> AsyncIterator[tuple[str, bytes]]:
        for name in ("first", "second"):
            asked.append(name)
            yield name, LARGE

    chunks, seen = zipped(one_by_one()), 0
    while seen < len(LARGE):
        seen += len(await anext(chunks))
        assert asked == ["first"]
    await chunks.aclose()  # type: ignore[attr-defined]
