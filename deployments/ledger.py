"""The one owner of what is kept of jobs and picks."""

from cutout.errors import NotFound, ValidationError
from cutout.picks.records import NONE, JobRecord, Logged, LoggedPick, Pick, Stats
from cutout.picks.statistics import stats
from deployments.records import queries
from deployments.records.database import Database

PAGE_ROWS = 500


class Ledger:
    """Jobs and picks in a database: a file by `sqlite:///…`, or a server by `postgresql://…`.

    A method that has returned has committed: a kill of the process takes nothing back. What a power cut may take is
    said in `Database`. Every method raises ServiceUnavailable while the database cannot be reached.
    """

    def __init__(self, database_url: str) -> None:
        """Raises ConfigurationError for an address of neither kind."""
        self._database = Database(database_url)

    async def start(self) -> None:
        """Bring the tables up to date; raises as `Database.migrate`."""
        await self._database.migrate()

    async def close(self) -> None:
        """Let go of the database."""
        await self._database.close()

    async def record(self, job: JobRecord) -> None:
        """Keep a job; kept a second time, the later one counts."""
        async with self._database.writing() as connection:
            await connection.execute(queries.put_job(job, self._database.dialect))

    async def job(self, job_id: str) -> JobRecord | None:
        """A job as it was recorded; None when there is none."""
        async with self._database.reading() as connection:
            row = (await connection.execute(queries.get_job(job_id))).mappings().first()
        return queries.job_of(row) if row else None

    async def select(self, pick: Pick, whose: str | None = None) -> Logged:
        """Keep the caller's pick; a second one for the same job replaces the first.

        `whose` is the id of the API key whose jobs may be picked from; None: everybody's. A job's id alone opens
        nothing: it is part of each address of a result.

        Raises:
            NotFound: no such job, or another key's.
            ValidationError: a model that the job did not offer; the message names those it did.
        """
        offered = await self._offered(pick, whose)
        selection_id, statement = queries.put_pick(pick, offered, self._database.dialect)
        async with self._database.writing() as connection:
            kept = (await connection.execute(statement)).scalar_one()
        return Logged(kept, replaced=kept != selection_id)

    async def stats(self) -> Stats:
        """What all picks add up to, and those of each category."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(queries.count_picks())).mappings().all()
        return stats([queries.count_of(row) for row in rows])

    async def export(self, after: int = 0, whose: str | None = None) -> tuple[LoggedPick, ...]:
        """The next picks after a number, oldest first, at most PAGE_ROWS; empty at the end.

        `whose` is the id of the API key whose jobs they are of; None: everybody's.
        """
        async with self._database.reading() as connection:
            rows = (await connection.execute(queries.list_picks(after, PAGE_ROWS, whose))).mappings().all()
        return tuple(queries.pick_of(row) for row in rows)

    async def _offered(self, pick: Pick, whose: str | None) -> tuple[str, ...]:
        job = await self.job(pick.job_id)
        if job is None or (whose is not None and job.key_id != whose):
            raise NotFound.of_field("job_id", "No such job", pick.job_id)
        choices = (*job.offered, NONE) if job.offered else ()
        if pick.selected_model_id not in choices:
            message = f"A model that this job offered is expected: {', '.join(choices) or 'it offered nothing'}"
            raise ValidationError.of_field("selected_model_id", message, pick.selected_model_id)
        return job.offered
