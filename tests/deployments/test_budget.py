"""Ceilings of a day, on SQLite and on a real PostgreSQL."""

from collections.abc import AsyncIterator

import pytest

from cutout.purse import Charge
from deployments.books import Books
from deployments.budget import Budget

pytestmark = pytest.mark.anyio


def charge(model_id: str, usd: float, *payers: str) -> Charge:
    return Charge(model_id, usd, payers or ("runware",))


@pytest.fixture
async def books(database_url: str) -> AsyncIterator[Books]:
    books = Books(database_url, lease_s=60)
    await books.start()
    yield books
    await books.close()


async def test_a_ceiling_refuses_what_it_has_no_money_for(books: Books) -> None:
    """Of two models of one provider the first fits and the second does not; its reason names ceiling and provider."""
    refused = await books.reserve("job", [charge("a", 0.6), charge("b", 0.6)], {"runware": 1.0})

    assert refused == {"b": "the daily ceiling of 1 USD for runware is reached"}


async def test_what_is_set_aside_counts_at_once(books: Books) -> None:
    """Two jobs at the same time cannot both spend the last of a day's money."""
    first = await books.reserve("one", [charge("a", 0.6)], {"runware": 1.0})
    second = await books.reserve("two", [charge("a", 0.6)], {"runware": 1.0})

    assert (first, list(second)) == ({}, ["a"])


async def test_what_was_not_spent_is_there_again(books: Books) -> None:
    """After a job is settled only what it really spent is gone."""
    await books.reserve("one", [charge("a", 0.9)], {"runware": 1.0})
    await books.settle("one", [charge("a", 0.3)])

    assert await books.reserve("two", [charge("a", 0.7)], {"runware": 1.0}) == {}
    assert list(await books.reserve("three", [charge("a", 0.1)], {"runware": 1.0})) == ["a"]


async def test_a_key_has_a_ceiling_of_its_own(books: Books) -> None:
    """A charge counts against provider and key; either may refuse it, and a payer without a ceiling never does."""
    ceilings = {"runware": 10.0, "key 1": 0.5}

    mine = await books.reserve("one", [charge("a", 0.6, "runware", "key 1")], ceilings)
    other = await books.reserve("two", [charge("a", 0.6, "runware", "key 2")], ceilings)

    assert mine == {"a": "the daily ceiling of 0.5 USD for key 1 is reached"}
    assert other == {}


async def test_what_is_left(books: Books) -> None:
    """A ceiling less what is booked and what is set aside; never less than nothing."""
    await books.settle("one", [charge("a", 0.4)])
    await books.reserve("two", [charge("a", 0.5)], {"runware": 1.0})

    assert await books.left({"runware": 1.0, "key 1": 2.0}) == {"runware": 0.1, "key 1": 2.0}
    assert await books.left({"runware": 0.2}) == {"runware": 0.0}
    assert await books.left({}) == {}


async def test_spending_survives_a_restart(books: Books) -> None:
    """What was booked counts for the next process; what was only set aside by a dead one does not."""
    await books.settle("one", [charge("a", 0.4), charge("b", 0.3)])
    await books.reserve("lost", [charge("a", 0.3)], {"runware": 1.0})

    reborn = Budget(books._database)

    assert list(await reborn.reserve("two", [charge("a", 0.31)], {"runware": 1.0})) == ["a"]
    assert await reborn.reserve("three", [charge("a", 0.3)], {"runware": 1.0}) == {}
