"""The worth of models, fitted in the background after picks, in a process of its own, and kept in the database."""

import asyncio
import logging
import sys

from cutout.errors import CutoutError, InternalError
from cutout.picks.worth import VOTES, WORTHS, Vote, Worths
from deployments.records import queries
from deployments.records.database import Database

logger = logging.getLogger(__name__)
EVERY_S = 60.0
"""Shortest time between two fits, and the wait after a pick, so that those that follow it count too."""
MOST_VOTES = 10_000
"""The newest picks; what models were worth before their last changes matters less."""
FIT_S = 300.0
"""Longest time for a fit; 10,000 votes take some seconds."""


class Learner:
    """Fits the worth of models whenever there are new picks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._has_news = False
        self._working: asyncio.Task[None] | None = None

    def picked(self) -> None:
        """There may be new picks; the fit follows in the background."""
        self._has_news = True
        if self._working is None or self._working.done():
            self._working = asyncio.create_task(self._work())

    async def worths(self) -> Worths:
        """What was learned last."""
        async with self._database.reading() as connection:
            return queries.worths_of((await connection.execute(queries.get_worths())).mappings().first())

    async def refit(self) -> None:
        """Fit the newest picks, unless that was done already.

        Raises:
            ServiceUnavailable: the database cannot be reached.
            InternalError: the fit failed.
        """
        async with self._database.reading() as connection:
            newest = (await connection.execute(queries.last_pick())).mappings().one()
        known = await self.worths()
        if not newest["count"] or (known.fitted_at or 0) > newest["created_at"]:
            return
        async with self._database.reading() as connection:
            rows = (await connection.execute(queries.latest_picks(MOST_VOTES))).mappings().all()
        votes = [queries.pick_of(row).vote for row in rows]
        found = await _fitted([vote for vote in votes if vote.is_whole])
        async with self._database.writing() as connection:
            await connection.execute(queries.put_worths(found, self._database.dialect))

    async def close(self) -> None:
        """Stop; picks that were not fitted yet are after the next start."""
        if self._working:
            self._working.cancel()
            await asyncio.wait([self._working])

    async def _work(self) -> None:
        while self._has_news:
            await asyncio.sleep(EVERY_S)
            self._has_news = False
            try:
                await self.refit()
            except CutoutError as error:
                logger.warning("The models' worth stays as it was until the next pick: %s", error.message)


async def _fitted(votes: list[Vote]) -> Worths:
    """`fitting.fitted` in a process of its own: statsmodels takes 100 MB, and an event loop must not wait for it."""
    arguments = (sys.executable, "-m", "cutout.picks.fitting")
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*arguments, stdin=pipe, stdout=pipe, stderr=pipe)
    try:
        async with asyncio.timeout(FIT_S):
            found, said = await process.communicate(VOTES.dump_json(votes))
    except TimeoutError:
        raise InternalError(f"The fit took longer than {FIT_S:g} s") from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise InternalError(f"The fit failed: {said.decode().strip().splitlines()[-1:]}")
    return WORTHS.validate_json(found)
