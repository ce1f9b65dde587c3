"""The size limit of the picture store: the oldest jobs' pictures are deleted, never those of a job that runs."""

import logging
from collections.abc import Awaitable, Callable, Collection
from datetime import UTC, datetime, timedelta

from cutout.telemetry.metrics import STORE_BYTES, STORE_LIMIT, Instruments
from serve_app.storage.pictures import SUFFIX, Holding, PictureStore

logger = logging.getLogger(__name__)
GRACE_S = 120.0
"""New pictures are not deleted: their job may not be accepted yet, or its caller had no time to fetch them."""


class Quota:
    """Keeps a store below `limit_bytes`, each time that it is called; in between it may grow beyond."""

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
        """For /health: bytes in the store, once they were counted, and the limit."""
        held = {} if self._held_bytes is None else {"store_bytes": self._held_bytes}
        return {**held, "store_limit_bytes": self._limit_bytes}

    async def hold(self) -> None:
        """Count the bytes in the store, and delete the oldest pictures until the limit is kept.

        Raises:
            ServiceUnavailable: the store or the database is unavailable.
        """
        holdings = await self._store.holdings()
        held = sum(holding.size_bytes for holding in holdings)
        self._tell(held)
        if held <= self._limit_bytes:
            return
        at_work = await self._at_work()  # after the listing: a job that is accepted later has new pictures
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
            await self._store.drop_job(holding.job_id)  # cached cutouts have no public address
        else:
            await self._store.make_room(holding.job_id)

    def _tell(self, held_bytes: int) -> None:
        self._held_bytes = held_bytes
        self._instruments.record(STORE_BYTES, held_bytes)
        self._instruments.record(STORE_LIMIT, self._limit_bytes)
