"""Memory that was freed, and that the C library keeps for later."""

import asyncio
import ctypes
from collections.abc import Callable, Coroutine
from functools import wraps
from typing import Any, TypeVar, cast

M = TypeVar("M", bound=Callable[..., Coroutine[Any, Any, Any]])
REST_S = 2.0
"""Seconds without a picture after which memory is returned: 80 MB with ISNet, 55 MB with u2netp. The next picture takes
up to 15 ms longer, in which the system gives it anew."""
KEPT_BYTES = 64 * 1024 * 1024
"""Freed memory that is kept until then, and in threads for longer: malloc_trim does not return the end of theirs. By
itself the C library kept a few megabytes: enlarging 250 x 250 pixels took 12 ms longer, for 4,000 pages anew."""
LARGEST_BYTES = 32 * 1024 * 1024
"""What is larger is returned when it is freed; glibc takes no more."""
_LIBC = ctypes.CDLL(None)
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""Of <malloc.h> of glibc."""


def keep_memory() -> None:
    """Keep freed memory of this process for the next picture, where the library is glibc: mallopt(3)."""
    if hasattr(_LIBC, "malloc_trim"):
        _LIBC.mallopt(_M_TRIM_THRESHOLD, KEPT_BYTES)
        _LIBC.mallopt(_M_MMAP_THRESHOLD, LARGEST_BYTES)


def return_memory() -> None:
    """Give it back to the system where the library is glibc: malloc_trim(3), some milliseconds without the GIL."""
    if hasattr(_LIBC, "malloc_trim"):
        _LIBC.malloc_trim(0)


def returning_memory(method: M) -> M:
    """Wrap a method that works on pixels: REST_S after its last call, memory is returned."""
    waiting: list[asyncio.TimerHandle] = []

    @wraps(method)
    async def call(*arguments: Any, **named: Any) -> Any:
        while waiting:
            waiting.pop().cancel()
        try:
            return await method(*arguments, **named)
        finally:
            loop = asyncio.get_running_loop()
            waiting.append(loop.call_later(REST_S, loop.run_in_executor, None, return_memory))

    return cast(M, call)
