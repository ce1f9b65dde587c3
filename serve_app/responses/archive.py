"""A ZIP file, written while it is sent: only one picture at a time is in memory."""

import asyncio
import io
import time
import zipfile
from collections.abc import AsyncIterable, AsyncIterator, Iterator
from typing import TypeAlias

CHUNK_BYTES = 1024 * 1024

Files: TypeAlias = AsyncIterable[tuple[str, bytes]]
"""Names and contents."""


async def zipped(files: Files) -> AsyncIterator[bytes]:
    """The archive in chunks. Pictures are stored uncompressed: deflate gains nothing on them."""
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        async for name, data in files:
            entry = zipfile.ZipInfo(name, time.gmtime()[:6])
            entry.external_attr = 0o644 << 16
            await asyncio.to_thread(archive.writestr, entry, data)
            for chunk in sink.taken():
                yield chunk
    for chunk in sink.taken():
        yield chunk


class _Sink(io.RawIOBase):
    """The archive's output: not seekable, and buffers what has not been taken yet."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: bytes, /) -> int:  # type: ignore[override]
        self._parts.append(data)
        return len(data)

    def taken(self) -> Iterator[bytes]:
        parts, self._parts = self._parts, []
        for part in parts:
            for start in range(0, len(part), CHUNK_BYTES):
                yield part[start : start + CHUNK_BYTES]
