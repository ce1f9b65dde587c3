"""SQL statements, and conversion of rows to values."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Insert, RowMapping, Select, delete, func, insert, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.dml import ReturningDelete

from cutout.accounts.charges import Charge
from cutout.picks.job_record import JobRecord, ModelRecord
from cutout.picks.pick import LoggedPick, Pick
from cutout.picks.statistics import PickCount
from cutout.picks.worth import NOTHING, WORTHS, Shown, Worths
from deployments.records.tables import holds, jobs, picks, spending, worths

LATEST = "latest"
_INSERT: dict[str, Callable[..., Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def put_job(job: JobRecord, dialect: str) -> Insert:
    """Inserts a job; idempotent."""
    row = asdict(job)
    statement: Insert = _INSERT[dialect](jobs).values(row).on_conflict_do_update(index_elements=["job_id"], set_=row)
    return statement


def put_pick(pick: Pick, offered: tuple[str, ...], dialect: str) -> tuple[str, Insert]:
    """A new selection id, and the statement that writes the pick and returns its id: a replaced pick keeps its own."""
    selection_id = str(uuid.uuid4())
    row = asdict(pick) | {"offered": " ".join(sorted(offered)), "shown": " ".join(pick.shown) or None}
    statement: Insert = (
        _INSERT[dialect](picks)
        .values(row | {"selection_id": selection_id})
        .on_conflict_do_update(index_elements=["job_id"], set_=row)
        .returning(picks.c.selection_id)
    )
    return selection_id, statement


def get_job(job_id: str) -> Select[Any]:
    """At most one row, for `job_of`."""
    return select(jobs).where(jobs.c.job_id == job_id)


def job_of(row: RowMapping) -> JobRecord:
    """The record of a job."""
    return JobRecord(**{**row, "results": tuple(ModelRecord(**model) for model in row["results"])})


def count_picks() -> Select[Any]:
    """Rows for `count_of`, one for all jobs with the same pick from the same models; read from an index alone."""
    groups = (picks.c.image_category, picks.c.offered, picks.c.selected_model_id)
    return select(*groups, func.count().label("count")).group_by(*groups)


def count_of(row: RowMapping) -> PickCount:
    """The number of equal picks."""
    return PickCount(**{**row, "offered": tuple(row["offered"].split())})


def list_picks(after: int, limit: int, key_id: str | None = None) -> Select[Any]:
    """Rows for `pick_of`, oldest first, after a number; of the jobs of one key, or of all."""
    joined = _joined()
    if key_id is not None:
        joined = joined.where(jobs.c.key_id == key_id)
    return joined.where(picks.c.number > after).order_by(picks.c.number).limit(limit)


def latest_picks(limit: int) -> Select[Any]:
    """Rows for `pick_of`, the newest first."""
    return _joined().order_by(picks.c.number.desc()).limit(limit)


def pick_of(row: RowMapping) -> LoggedPick:
    """A pick as exported, with the offered cutouts in the order in which they were shown."""
    fields = dict(row)
    offered = {
        one["model_id"]: Shown(one["model_id"], one.get("agreement"), one.get("sharpness"))
        for one in fields.pop("results")
        if one["status"] == "success"
    }
    order = (fields.pop("shown") or "").split() or offered
    return LoggedPick(**fields, shown=tuple(offered[name] for name in order if name in offered))


def last_pick() -> Select[int, Any]:
    """One row: `count` of picks, and `created_at` of the newest, which is null without any."""
    return select(func.count().label("count"), func.max(picks.c.created_at).label("created_at")).select_from(picks)


def put_worths(found: Worths, dialect: str) -> Insert:
    """Replaces what was learned."""
    row = {"name": LATEST, "fitted_at": found.fitted_at, "worths": WORTHS.dump_python(found, mode="json")}
    statement: Insert = _INSERT[dialect](worths).values(row).on_conflict_do_update(index_elements=["name"], set_=row)
    return statement


def get_worths() -> Select[Any]:
    """At most one row, for `worths_of`."""
    return select(worths.c.worths).where(worths.c.name == LATEST)


def worths_of(row: RowMapping | None) -> Worths:
    """What was learned; nothing without a row."""
    return WORTHS.validate_python(row["worths"]) if row else NOTHING


def _joined() -> Select[Any]:
    columns = (c for c in picks.c if c.name not in ("job_id", "offered"))
    return select(*columns, jobs.c.results).join_from(picks, jobs)


def add_spending(day: str, payer: str, usd: float, dialect: str) -> Insert:
    """Adds to a payer's spending on a day."""
    statement = _INSERT[dialect](spending).values(day=day, payer=payer, usd=usd)
    grown: Insert = statement.on_conflict_do_update(
        index_elements=["day", "payer"], set_={"usd": spending.c.usd + statement.excluded.usd}
    )
    return grown


def spending_of(day: str, payers: set[str]) -> Select[Any]:
    """Rows of payer and USD."""
    return select(spending.c.payer, spending.c.usd).where(spending.c.day == day, spending.c.payer.in_(sorted(payers)))


def total_spending(payer: str) -> Select[Any]:
    """One row: USD of all days, 0 without any."""
    return select(func.coalesce(func.sum(spending.c.usd), 0.0)).where(spending.c.payer == payer)


def put_holds(hold_id: str, charges: Sequence[Charge], owner: str, until: float) -> Insert:
    """Inserts holds, valid until a Unix time in seconds."""
    own = {"hold_id": hold_id, "owner": owner, "until": until}
    return insert(holds).values([
        {"model_id": charge.model_id, "usd": charge.usd, "payers": list(charge.payers), **own} for charge in charges
    ])  # fmt: skip


def all_holds() -> Select[Any]:
    """Rows for `charge_of`."""
    return select(holds.c.model_id, holds.c.usd, holds.c.payers)


def drop_holds(hold_id: str) -> ReturningDelete[Any, Any, Any]:
    """Deletes the holds of one request; returns rows for `charge_of`."""
    return delete(holds).where(holds.c.hold_id == hold_id).returning(holds.c.model_id, holds.c.usd, holds.c.payers)


def drop_abandoned(now: float, owner: str | None = None) -> ReturningDelete[Any, Any, Any]:
    """Deletes holds that expired or, if `owner` is given, have another owner; returns rows for `charge_of`."""
    over = holds.c.until < now
    abandoned = over if owner is None else or_(over, holds.c.owner != owner)
    return delete(holds).where(abandoned).returning(holds.c.model_id, holds.c.usd, holds.c.payers)


def charge_of(row: RowMapping) -> Charge:
    """The charge that is held for one model."""
    return Charge(row["model_id"], row["usd"], tuple(row["payers"]))
