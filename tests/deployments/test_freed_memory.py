"""When memory that was freed is returned to the system."""

import asyncio
import subprocess
import sys

import pytest

from deployments.engines import freed_memory
from deployments.engines.freed_memory import returning_memory
from tests.support.patience import HANG_S


def test_memory_is_returned_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Calls that follow each other at once return memory once, after the last one, and give what the method gives."""
    returned: list[int] = []
    monkeypatch.setattr(freed_memory, "REST_S", 0.01)

    async def three() -> list[int]:
        rested = asyncio.Event()
        loop = asyncio.get_running_loop()

        def note() -> None:
            returned.append(1)
            loop.call_soon_threadsafe(rested.set)

        monkeypatch.setattr(freed_memory, "return_memory", note)
        given = [await twice(number) for number in range(3)]
        await asyncio.wait_for(rested.wait(), HANG_S)
        return given

    assert asyncio.run(three()) == [0, 2, 4]
    assert returned == [1]


def test_memory_is_kept_until_then() -> None:
    """What was freed, in a thread or not, is not asked of the system again, until it has been returned."""
    child = subprocess.run([sys.executable, "-c", PAGES], capture_output=True, text=True, timeout=HANG_S, check=True)
    in_thread, kept, returned = (int(pages) for pages in child.stdout.split())

    assert max(in_thread, kept) < 200
    assert returned > 4000


PAGES = """
from concurrent.futures import ThreadPoolExecutor
from resource import RUSAGE_SELF, getrusage
from deployments.engines.freed_memory import keep_memory, return_memory

def pages():
    before = getrusage(RUSAGE_SELF).ru_minflt
    blocks = [b"x" * size for size in range(1 << 20, (1 << 20) + 20)]
    return getrusage(RUSAGE_SELF).ru_minflt - before

keep_memory()
with ThreadPoolExecutor(1) as thread:
    in_thread = [thread.submit(pages).result() for _ in range(2)]
kept = [pages() for _ in range(2)]
return_memory()
print(in_thread[1], kept[1], pages())
"""
"""Prints how many pages of memory 20 MB take the second time, and once memory was returned."""


@returning_memory
async def twice(number: int) -> int:
    """Stands for work on a picture."""
    return 2 * number
