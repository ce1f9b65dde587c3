"""What the ledger keeps and what it refuses, on SQLite and on PostgreSQL."""

import asyncio
import uuid
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cutout.errors import NotFound, ValidationError
from cutout.picks.job_record import JobRecord, ModelRecord
from cutout.picks.pick import LoggedPick
from cutout.picks.statistics import PickCount, tally
from deployments.ledger import DatabaseLedger
from tests.support.job_records import job, pick

pytestmark = pytest.mark.anyio


async def exported(ledger: DatabaseLedger) -> list[LoggedPick]:
    rows: list[LoggedPick] = []
    while page := await ledger.export(rows[-1].number if rows else 0):
        rows += page
    return rows


async def recorded(ledger: DatabaseLedger, *offered: str) -> JobRecord:
    made = job(*offered)
    await ledger.record(made)
    return made


async def test_a_job_comes_back_as_it_was_recorded(ledger: DatabaseLedger) -> None:
    """Every field survives: the order shown, each model's time, cost and error, and whatever text is in them."""
    odd = ModelRecord("odd", "error", 0.125, 1e-9, "said \0 \ud800 'DROP TABLE jobs' ✂")
    made = replace(job("second", "first"), asked={"models": ["all"], "é": [1, None, {"x": 0.5}]})
    made = replace(made, results=(odd, *made.results))

    await ledger.record(made)

    assert await ledger.job(made.job_id) == made
    assert await ledger.job(str(uuid.uuid4())) is None


async def test_a_job_recorded_again_is_kept_once(ledger: DatabaseLedger) -> None:
    """The later record of a job counts, and its pick stays."""
    made = await recorded(ledger, "first")
    await ledger.select(pick(made.job_id, "first"))

    await ledger.record(replace(made, status="completed"))

    kept = await ledger.job(made.job_id)
    assert kept is not None
    assert kept.status == "completed"
    assert (await ledger.stats()).total.picks == 1


async def test_a_pick_of_an_unknown_job_is_not_found(ledger: DatabaseLedger) -> None:
    """A pick belongs to a job."""
    with pytest.raises(NotFound) as refusal:
        await ledger.select(pick(str(uuid.uuid4()), "first"))

    assert refusal.value.details["field"] == "job_id"


@pytest.mark.parametrize("model_id", ["broken", "absent", "stranger", "", "FIRST", "x" * 100_000, "'; --"])
async def test_a_model_that_was_not_offered_is_refused(ledger: DatabaseLedger, model_id: str) -> None:
    """A model that failed, was left out or is unknown cannot be picked; the message names those that can."""
    made = await recorded(ledger, "second", "first")

    with pytest.raises(ValidationError, match=r"expected: second, first, none$") as refusal:
        await ledger.select(pick(made.job_id, model_id))

    assert refusal.value.details["field"] == "selected_model_id"
    assert not await ledger.export()


async def test_a_job_that_offered_nothing_has_no_pick(ledger: DatabaseLedger) -> None:
    """Where every model failed, not even `none` is a choice."""
    made = await recorded(ledger)

    with pytest.raises(ValidationError, match="it offered nothing"):
        await ledger.select(pick(made.job_id, "none"))


async def test_a_second_pick_replaces_the_first(ledger: DatabaseLedger) -> None:
    """The later pick says that it replaced one, keeps the selection's id, and is the only one that counts."""
    made = await recorded(ledger, "second", "first")

    first = await ledger.select(pick(made.job_id, "first", "portrait", "hair"))
    later = await ledger.select(pick(made.job_id, "none", "glass"))

    assert uuid.UUID(first.selection_id).version == 4
    assert (first.replaced, later.replaced) == (False, True)
    assert later.selection_id == first.selection_id
    (only,) = await exported(ledger)
    assert (only.selected_model_id, only.image_category, only.notes) == ("none", "glass", None)
    assert only.offered == ("second", "first")
    stats = await ledger.stats()
    assert (stats.total.picks, stats.total.none, set(stats.categories)) == (1, 1, {"glass"})


async def test_of_picks_at_once_one_is_first(ledger: DatabaseLedger) -> None:
    """Simultaneous picks of one job are one pick: all but one replaced another, and all have the same id."""
    made = await recorded(ledger, "first", "second")

    logged = await asyncio.gather(*(ledger.select(pick(made.job_id, "first")) for _ in range(20)))

    assert sorted(x.replaced for x in logged) == [False] + [True] * 19
    assert len({x.selection_id for x in logged}) == 1
    assert (await ledger.stats()).total.picks == 1


MODELS = ("a", "b", "c")
OFFERS = (("a", "b", "c"), ("c", "a"), ("b",), ("b", "c", "a"))


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=st.lists(st.tuples(st.integers(0, 3), st.sampled_from((*MODELS, "none"))), max_size=12))
async def test_stats_are_of_each_jobs_last_pick(ledger: DatabaseLedger, wanted: list[tuple[int, str]]) -> None:
    """However callers pick and pick again, the stats are those of every job's last accepted pick, each counted once."""
    category = str(uuid.uuid4())
    jobs = [await recorded(ledger, *offered) for offered in OFFERS]
    last: dict[int, str] = {}
    for number, model_id in wanted:
        if model_id in (*OFFERS[number], "none"):
            logged = await ledger.select(pick(jobs[number].job_id, model_id, category))
            assert logged.replaced == (number in last)
            last[number] = model_id
        else:
            with pytest.raises(ValidationError):
                await ledger.select(pick(jobs[number].job_id, model_id, category))

    stats = await ledger.stats()

    expected = tally(PickCount(category, OFFERS[number], model_id, 1) for number, model_id in last.items())
    assert stats.categories.get(category, tally([])) == expected
    assert stats.total.picks == len(await exported(ledger))


async def test_an_export_has_every_pick_once(ledger: DatabaseLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Page after page, oldest first, nothing is left out or repeated, though a pick is replaced in between."""
    monkeypatch.setattr("deployments.picks.PAGE_ROWS", 3)
    jobs = [await recorded(ledger, "first") for _ in range(8)]
    ids = [(await ledger.select(pick(made.job_id, "first"))).selection_id for made in jobs]

    page = await ledger.export()
    await ledger.select(pick(jobs[0].job_id, "none"))
    rest = await ledger.export(page[-1].number)
    last = await ledger.export(rest[-1].number)

    assert [x.selection_id for x in (*page, *rest, *last)] == ids
    assert await ledger.export(last[-1].number) == ()
