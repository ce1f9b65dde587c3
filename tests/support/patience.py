"""Time in tests: a ceiling that no slow machine reaches, and seconds that pass because a test says so.

No test asserts how fast a machine is: it waits for a state, or compares what the code itself computed.
"""

import asyncio
from collections.abc import Callable

HANG_S = 300.0
"""Whatever is not there after five minutes never comes: a guard against waiting for ever, and not a measure."""
SERVICES_OWN = (
    ("serve_app.fanout.billing", "LEDGER_S"),
    ("serve_app.fanout.billing", "SETTLED_S"),
    ("serve_app.fanout.dependencies", "ANSWER_S"),
    ("serve_app.jobs.execution.slots", "LEDGER_S"),
    ("serve_app.middleware.rate_limit", "LIMITER_S"),
    ("serve_app.storage.cutout_cache", "PUT_S"),
)
"""After so many seconds the service goes on without its ledger or its store: what it then answers is another answer. A
test of that sets them itself."""


def skip(seconds: float) -> None:
    """Let so many seconds pass at once for every timeout of the running event loop."""
    loop = asyncio.get_running_loop()
    now = loop.time
    loop.time = lambda: now() + seconds  # type: ignore[method-assign]


async def when(so: Callable[[], object]) -> None:
    """Return once it is so.

    Raises:
        TimeoutError: it never became so.
    """
    async with asyncio.timeout(HANG_S):
        while not so():
            await asyncio.sleep(0.005)
