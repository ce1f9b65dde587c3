"""The cutout that is made of the models': a card like theirs, asked for unless somebody leaves it out."""

import re

from playwright.sync_api import expect

from tests.page.bench import card, drop_and_wait
from tests.page.conftest import Open
from tests.page.service import Service


def test_a_newcomer_gets_it_and_is_told_the_best(open_page: Open, service: Service) -> None:
    """Who has chosen nothing yet gets it after the models' cutouts, with time, cost and licence, to be picked.

    One card says that it is the best, with the reason; while names are hidden none does, to sway nobody.
    """
    page = open_page(service)
    page.add_init_script("localStorage.removeItem('cutout-models')")
    page.reload()
    expect(page.locator("#roster li")).to_have_count(5)
    best = page.locator(".card .best:visible")
    page.get_by_role("switch", name="Blind").check()
    drop_and_wait(page)
    expect(best).to_have_count(0)
    page.get_by_role("switch", name="Blind").uncheck()
    expect(best).to_have_count(1)
    expect(best).to_have_attribute("title", re.compile("The service would choose .+: it "))

    expect(page.locator(".card.done")).to_have_count(3)
    fused = card(page, "Fused")
    expect(fused.locator(".cost")).to_have_text("free")
    expect(fused.get_by_role("button", name="Pick Fused")).to_be_enabled()
