"""The bound of the picture store: beyond it the pictures of the oldest jobs go, and never those of a job at work."""

import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta

from cutout.telemetry.metrics import STORE_BYTES, STORE_LIMIT, Instruments
from serve_app.storage.cutout_cache import SUFFIX
from serve_app.storage.pictures import Holding, PictureStore

logger = logging.getLogger(__name__)
GRACE_S = 120.0
"""How long pictures are left alone: their job may not be accepted yet, or its caller has had no time to fetch them."""


class Quota:
    """Holds a store to `limit_bytes`, each time that it is asked to; between two times more may come."""

    def __init__(
        self,
        store: PictureStore,
        limit_bytes: int,
        at_work: Callable[[], Awaitable[Collection[str]]],
        instruments: Instruments,
    ) -> None:
        """`at_work` gives the ids of durable jobs that have not ended."""
        self._store = store
        self._limit_bytes = limit_bytes
        self._at_work = at_work
        self._instruments = instruments
        self._held_bytes: int | None = None

    @property
    def facts(self) -> dict[str, int]:
        """What /health says: how much is held, once it was counted, and how much may be."""
        held = {} if self._held_bytes is None else {"store_bytes": self._held_bytes}
        return {**held, "store_limit_bytes": self._limit_bytes}

    async def hold(self) -> None:
        """Count what is there, and drop the oldest until the rest is within the limit.

        Raises:
            ServiceUnavailable: the store or the database is away.
        """
        holdings = await self._store.holdings()
        held = sum(holding.size_bytes for holding in holdings)
        self._tell(held)
        if held <= self._limit_bytes:
            return
        at_work = await self._at_work()  # after the store: what is accepted later has pictures that are new
        young = datetime.now(UTC) - timedelta(seconds=GRACE_S)
        dropped = 0
        for holding in holdings:
            if held > self._limit_bytes and holding.job_id not in at_work and holding.newest < young:
                await self._drop(holding)
                held, dropped = held - holding.size_bytes, dropped + 1
        self._tell(held)
        logger.warning("The store was full: %d jobs' pictures made room, %d bytes are left", dropped, held)

    async def _drop(self, holding: Holding) -> None:
        if all(name.endswith(SUFFIX) for name in holding.names):
            await self._store.drop_job(holding.job_id)  # of an answered request: nobody holds an address of them
        else:
            await self._store.make_room(holding.job_id)

    def _tell(self, held_bytes: int) -> None:
        self._held_bytes = held_bytes
        self._instruments.record(STORE_BYTES, held_bytes)
        self._instruments.record(STORE_LIMIT, self._limit_bytes)
