"""Calls that the service goes on without when they fail."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from cutout.errors import CutoutError, ServiceUnavailable

T = TypeVar("T")


async def best_effort(call: Awaitable[T], timeout_s: float, warn: Callable[[str], None]) -> T | ServiceUnavailable:
    """What a call returns. When it raises a CutoutError or takes too long, the error is returned instead of raised.

    `warn` logs what follows from that, and is given the reason.
    """
    try:
        async with asyncio.timeout(timeout_s):
            return await call
    except CutoutError as error:
        reason = error.message
    except TimeoutError:
        reason = f"no answer within {timeout_s:g} s"
    warn(reason)
    return ServiceUnavailable(reason)
