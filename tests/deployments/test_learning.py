"""What picks teach is fitted in a process of its own, kept in the database, and not fitted twice."""

import asyncio

import pytest

from cutout.errors import InternalError
from cutout.picks.worth import NOTHING
from deployments import learning
from deployments.ledger import DatabaseLedger
from tests.support.job_records import job, pick

pytestmark = pytest.mark.anyio


async def picked(ledger: DatabaseLedger, times: int = 3) -> None:
    """Several picks of the second of two cutouts."""
    for _ in range(times):
        made = job("first", "second")
        await ledger.record(made)
        await ledger.select(pick(made.job_id, "second"))


async def test_a_fit_is_kept_and_shown_with_the_statistics(ledger: DatabaseLedger) -> None:
    """Before there is nothing; then as many votes as picks, and without another pick nothing is fitted again."""
    before = await ledger.worths()
    await ledger.learner.refit()
    nothing = await ledger.worths()
    await picked(ledger)
    await ledger.learner.refit()
    first = (await ledger.stats()).worths
    await ledger.learner.refit()
    same = await ledger.worths()

    assert (before, nothing) == (NOTHING, NOTHING)
    assert (first.votes, [one.model_id for one in first.models]) == (3, ["second", "first"])
    assert same == first


async def test_a_pick_starts_a_fit_in_the_background(ledger: DatabaseLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """Picks that come while it waits or works are fitted too; what fails is logged and tried after the next one."""
    monkeypatch.setattr(learning, "EVERY_S", 0.0)
    await ledger.learner.close()
    fits, may_end = list[int](), asyncio.Event()

    async def fitted(votes: list[object]) -> object:
        fits.append(len(votes))
        await may_end.wait()
        raise InternalError("no memory")

    monkeypatch.setattr(learning, "_fitted", fitted)
    await picked(ledger, 1)
    while not fits:
        await asyncio.sleep(0.01)
    await picked(ledger, 2)
    may_end.set()
    while len(fits) < 2:
        await asyncio.sleep(0.01)

    assert fits == [1, 3]
    assert await ledger.worths() == NOTHING


async def test_a_fit_that_fails_says_so(ledger: DatabaseLedger, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the process said last is in the error, and what was learned before stays."""
    await picked(ledger, 1)
    monkeypatch.setattr("sys.executable", "/bin/false")

    with pytest.raises(InternalError, match="The fit failed"):
        await ledger.learner.refit()
    assert await ledger.worths() == NOTHING


async def test_the_order_shown_is_kept(ledger: DatabaseLedger) -> None:
    """Where it was not that of the results; what was not offered is refused, and so is half an order."""
    made = job("first", "second")
    await ledger.record(made)
    shown = ("second", "first")
    await ledger.select(pick(made.job_id, "second", shown=shown))

    assert (await ledger.export())[0].offered == shown
    for wrong in (("second",), ("second", "first", "first"), ("second", "broken")):
        with pytest.raises(Exception, match="in the order shown, are expected: first, second"):
            await ledger.select(pick(made.job_id, "second", shown=wrong))
