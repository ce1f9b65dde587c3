"""When memory that was freed is returned to the system."""

import asyncio

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


@returning_memory
async def twice(number: int) -> int:
    """Stands for work on a picture."""
    return 2 * number
