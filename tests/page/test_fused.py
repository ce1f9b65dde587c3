"""The cutout that is made of the models': a card like theirs, asked for unless somebody leaves it out."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.page.bench import card, drop_and_wait
from tests.page.conftest import Open
from tests.page.service import Service


@pytest.fixture
def newcomer(open_page: Open, service: Service) -> Page:
    """A browser that has chosen nothing yet."""
    page = open_page(service)
    page.add_init_script("localStorage.removeItem('cutout-models')")
    page.reload()
    expect(page.locator("#roster li")).to_have_count(5)
    return page


def test_the_first_picture_has_it_too(newcomer: Page) -> None:
    """It comes after the models' cutouts, with time, cost and licence, and can be picked."""
    drop_and_wait(newcomer)

    expect(newcomer.locator(".card.done")).to_have_count(3)
    fused = card(newcomer, "Fused")
    expect(fused.locator(".cost")).to_have_text("free")
    expect(fused.get_by_role("button", name="Pick Fused")).to_be_enabled()


def test_the_best_one_is_named(newcomer: Page) -> None:
    """One card says that it is the best, with the reason; while names are hidden none does, to sway nobody."""
    best = newcomer.locator(".card .best:visible")
    newcomer.get_by_role("switch", name="Blind").check()
    drop_and_wait(newcomer)
    expect(best).to_have_count(0)
    newcomer.get_by_role("switch", name="Blind").uncheck()
    expect(best).to_have_count(1)
    expect(best).to_have_attribute("title", re.compile("The service would choose .+: it "))
