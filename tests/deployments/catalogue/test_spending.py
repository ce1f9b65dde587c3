"""A catalogue's money, in a real database: its own limit over all its starts, and the ceilings of a day."""

from pathlib import Path

import pytest

from cutout.accounts.charges import Charge
from deployments.catalogue.spending import Limits, Spending

pytestmark = pytest.mark.anyio
CALL = Charge("paid", 0.4, ("afar",))


@pytest.fixture
def database(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'catalogue.sqlite'}"


async def started(database: str, limits: Limits, owner: str = "one", catalogue: str = "c") -> Spending:
    spending = Spending(database, catalogue, limits, owner)
    await spending.start()
    return spending


@pytest.fixture
async def spending(database: str) -> Spending:
    return await started(database, Limits(1.0, {}))


async def test_no_more_than_the_limit(spending: Spending) -> None:
    """What is set aside counts as spent; what was not spent of it is there again."""
    assert [await spending.reserve(name, CALL) for name in ("1", "2")] == [None, None]
    assert await spending.reserve("3", CALL) == "--max-cost-usd 1 leaves no money for it"
    await spending.settle("1", Charge("paid", 0.1, ("afar",)))

    assert await spending.spent_usd() == 0.5
    assert await spending.reserve("3", CALL) is None


async def test_the_limit_holds_over_starts(spending: Spending, database: str) -> None:
    """A start that was killed in the middle of a call has spent its price, as far as anybody knows."""
    await spending.reserve("killed", CALL)
    await spending.reserve("done", CALL)
    await spending.settle("done", CALL)
    again = await started(database, Limits(1.0, {}), owner="two")

    assert await again.spent_usd() == 0.8
    assert await again.reserve("1", CALL) is not None


async def test_another_catalogue_has_money_of_its_own(spending: Spending, database: str) -> None:
    """But the ceiling of a day is the provider's, whoever asks."""
    await spending.reserve("1", CALL)
    await spending.settle("1", CALL)
    other = await started(database, Limits(1.0, {"afar": 1.0}), catalogue="d")

    assert await other.spent_usd() == 0.0
    assert await other.reserve("2", CALL) is None
    assert await other.reserve("3", CALL) == "the daily ceiling of 1 USD for afar is reached"
