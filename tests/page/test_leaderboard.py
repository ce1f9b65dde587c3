"""What was learned from picks, as the leaderboard shows it."""

import pytest
from playwright.sync_api import Locator, Page, expect

from cutout.picks.worth import Worth, Worths
from deployments.ledger import DatabaseLedger
from deployments.records.queries import put_worths
from tests.page.bench import DASH
from tests.page.conftest import Open, Serve
from tests.page.service import Service
from tests.page.test_finish_panel import PHONE
from tests.support.in_process import model
from tests.support.job_records import job, pick

FAST, SLOW, RARE = (
    Worth("fast", 40, 0.72, 0.61, 0.8),
    Worth("slow", 40, 0.31, 0.22, 0.42),
    Worth("rare", 3, 0.5, 0.1, 0.9),
)
CLOSE = (Worth("slow", 40, 0.58, 0.4, 0.7), Worth("fast", 40, 0.52, 0.41, 0.6))


async def fill(ledger: DatabaseLedger) -> None:
    """Some picks, one of them of glass, and what was learned from many more."""
    for chosen, category in (("fast", None), ("fast", None), ("slow", "glass"), ("none", None)):
        made = job("fast", "slow", "rare")
        await ledger.record(made)
        await ledger.select(pick(made.job_id, chosen, category))
    async with ledger._database.writing() as connection:
        await connection.execute(put_worths(Worths(43, 1.0, (FAST, SLOW, RARE), {"glass": CLOSE}), "sqlite"))


@pytest.fixture
def picked(serve: Serve) -> Service:
    """A service whose ledger has picks."""
    names = {"fast": "Quick Matte", "slow": "Fine Matte", "rare": "New Matte"}
    service = serve(*(model(model_id, name=name) for model_id, name in names.items()))
    service.within(fill(service.ledger))
    return service


def bar(row: Locator) -> list[str]:
    """Where the interval and the rate are drawn, in the style sheet's terms."""
    return [mark.get_attribute("style") or "" for mark in row.locator(".axis i").all()]


def rows(page: Page) -> list[str]:
    """The models' names, from the top."""
    return page.locator(".ranks tbody th").all_text_contents()


def test_models_by_how_often_they_are_chosen(open_page: Open, picked: Service) -> None:
    """The best first, each with its interval, drawn too; one that was shown too seldom is last and has none."""
    page = open_page(picked, "leaderboard")
    expect(page.locator("#leaderboard-words")).to_have_text(
        "People choose Quick Matte over an average cutout 7 times in 10."
    )
    expect(page.get_by_role("columnheader", name="Chosen over an average one")).to_be_visible()
    assert rows(page) == ["Quick Matte", "Fine Matte", "New Matte"]
    first, last = page.get_by_role("row", name="Quick Matte"), page.get_by_role("row", name="New Matte")
    expect(first).to_contain_text(f"2 of 4 72 % 61 {DASH} 80 %", use_inner_text=True)
    assert bar(first) == ["left: 61%; width: 19%;", "left: 72%;"]
    expect(last).to_contain_text("shown too seldom")
    assert bar(last) == []
    expect(page.locator("#leaderboard-none")).to_have_text("1 picture of 4: none of them was good.")


def test_a_category_on_a_phone(open_page: Open, picked: Service) -> None:
    """What is learned of one kind of picture has its own order; intervals that overlap are said to."""
    page = open_page(picked, "leaderboard", **PHONE)
    page.get_by_role("combobox", name="Pictures").select_option("glass")
    expect(page.locator("#leaderboard-words")).to_have_text(
        "The picks so far do not tell Fine Matte and Quick Matte apart: their intervals overlap."
    )
    assert rows(page) == ["Fine Matte", "Quick Matte", "New Matte"]
    assert page.evaluate("document.documentElement.scrollWidth") == 390
