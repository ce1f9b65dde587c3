"""Jobs and the picks that refer to them, in the database."""

from cutout.errors import NotFound, ValidationError
from cutout.picks.job_record import JobRecord
from cutout.picks.pick import Logged, LoggedPick, Pick
from cutout.picks.statistics import Stats, stats
from cutout.picks.worth import NONE, Worths
from cutout.telemetry.metrics import PICKS, Instruments
from deployments.learning import Learner
from deployments.records import queries
from deployments.records.database import Database

PAGE_ROWS = 500


class Picks:
    """The part of the ledger about jobs and picks; its methods are described in Ledger."""

    def __init__(self, database: Database, instruments: Instruments) -> None:
        self._database = database
        self._instruments = instruments
        self.learner = Learner(database)

    async def record(self, job: JobRecord) -> None:
        """See Ledger."""
        async with self._database.writing() as connection:
            await connection.execute(queries.put_job(job, self._database.dialect))

    async def job(self, job_id: str) -> JobRecord | None:
        """A job as it was recorded; None when there is none."""
        async with self._database.reading() as connection:
            row = (await connection.execute(queries.get_job(job_id))).mappings().first()
        return queries.job_of(row) if row else None

    async def select(self, pick: Pick, whose: str | None = None) -> Logged:
        """See Ledger."""
        offered = await self._offered(pick, whose)
        selection_id, statement = queries.put_pick(pick, offered, self._database.dialect)
        async with self._database.writing() as connection:
            kept = (await connection.execute(statement)).scalar_one()
        self._instruments.record(PICKS, model=pick.selected_model_id)
        self.learner.picked()
        return Logged(kept, replaced=kept != selection_id)

    async def stats(self) -> Stats:
        """See Ledger."""
        async with self._database.reading() as connection:
            rows = (await connection.execute(queries.count_picks())).mappings().all()
        return stats([queries.count_of(row) for row in rows], await self.worths())

    async def worths(self) -> Worths:
        """See Ledger."""
        return await self.learner.worths()

    async def export(self, after: int = 0, whose: str | None = None) -> tuple[LoggedPick, ...]:
        """See Ledger; a page has at most PAGE_ROWS picks."""
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
        if pick.shown and sorted(pick.shown) != sorted(job.offered):
            message = (
                f"shown: the models that this job offered, in the order shown, are expected: {', '.join(job.offered)}"
            )
            raise ValidationError.of_field("shown", message, list(pick.shown))
        return job.offered
