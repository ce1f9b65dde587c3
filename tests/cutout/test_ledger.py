"""A call that may fail: what comes back, and what is logged."""

import asyncio

import pytest

from cutout.errors import NotFound, ServiceUnavailable
from cutout.ledger import best_effort

pytestmark = pytest.mark.anyio


async def fails(error: Exception) -> int:
    raise error


async def test_what_a_call_returns_is_returned() -> None:
    """None is an answer as any other, and nothing is logged."""
    reasons = list[str]()

    assert await best_effort(asyncio.sleep(0), 1, reasons.append) is None
    assert await best_effort(asyncio.sleep(0, 7), 1, reasons.append) == 7
    assert reasons == []


async def test_a_failure_is_logged_and_returned() -> None:
    """Errors of ours and a time that is over come back as ServiceUnavailable, with the reason that is logged."""
    reasons = list[str]()

    refused = await best_effort(fails(NotFound("gone")), 1, reasons.append)
    late = await best_effort(asyncio.Event().wait(), 0.01, reasons.append)

    assert isinstance(refused, ServiceUnavailable)
    assert isinstance(late, ServiceUnavailable)
    assert [refused.message, late.message] == reasons == ["gone", "no answer within 0.01 s"]


async def test_a_fault_of_the_code_is_raised() -> None:
    """What is no CutoutError is a bug, and is not hidden."""
    with pytest.raises(KeyError):
        await best_effort(fails(KeyError("x")), 1, print)
