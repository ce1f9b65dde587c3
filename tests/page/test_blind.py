"""Blind mode: no name, and nothing that tells one, until the pick."""

import pytest
from playwright.sync_api import Page, expect

from tests.page.bench import COFFEE, card, drop_and_wait, logged
from tests.page.chromium import drop
from tests.page.conftest import Open
from tests.page.service import Service

TELLTALE = ("Quick Matte", "Fine Matte", "Dry Pen", "fast", "slow", "broken", "MIT", "CC-BY", "0.0006", "ink")
COUNT_DONE = """() => {
    window.counts = new Set();
    new MutationObserver(() => counts.add(document.querySelectorAll(".card.done").length))
        .observe(document.getElementById("cards"), {subtree: true, attributeFilter: ["class"]});
}"""


@pytest.fixture
def blind(open_page: Open, service: Service) -> Page:
    """The page with blind mode on, and a shuffle whose dice always show the lowest number."""
    page = open_page(service)
    page.evaluate("() => { Math.random = () => 0; }")
    page.get_by_role("switch", name="Blind").check()
    return page


def test_names_are_hidden_and_shuffled_until_the_pick(blind: Page, service: Service) -> None:
    """The cards tell no name, time, cost, licence or reason, in another order; the logged pick tells them all.

    The order is logged with the pick: whoever learns from it knows which cutout was seen first. Cards fill
    together when all models are done: who comes first would give himself away.
    """
    blind.evaluate(COUNT_DONE)
    drop_and_wait(blind)
    assert blind.evaluate("[...counts]") == [2]
    told = blind.locator("#bench").inner_html()
    assert [word for word in TELLTALE if word in told] == []
    assert blind.locator(".card .name").all_text_contents() == ["Cutout 1", "Cutout 2", "Cutout 3"]

    blind.keyboard.press("1")
    expect(blind.locator("#pick")).to_contain_text("Your pick: Cutout 1")
    logged(blind, "Fine Matte")
    assert blind.locator(".card .name").all_text_contents() == ["Fine Matte", "Dry Pen", "Quick Matte"]
    expect(card(blind, "Dry Pen")).to_contain_text("The ink ran out")
    expect(card(blind, "Fine Matte").locator(".cost")).to_have_text("$0.0006")
    expect(blind.locator("#job-words")).to_contain_text("$0.0006")
    assert service.picks() == {"slow": 1}
    assert service.export()[-1]["offered"] == ["slow", "fast"]


def test_a_blind_pick_stands_once_names_are_shown(blind: Page, service: Service) -> None:
    """After the names nothing can be picked any more: a vote that knows them is not blind."""
    drop_and_wait(blind)
    blind.keyboard.press("1")
    logged(blind, "Fine Matte")

    expect(blind.get_by_role("button", name="Pick Quick Matte")).to_be_disabled()
    expect(blind.get_by_role("button", name="None of them")).to_be_disabled()
    blind.keyboard.press("3")
    expect(blind.locator("#said")).to_contain_text("a blind pick cannot be changed")
    assert service.picks() == {"slow": 1}


def test_turning_it_off_tells_the_names(blind: Page) -> None:
    """Who would rather see, may, even while models work; then the pick is an open one."""
    drop(blind, COFFEE)
    expect(blind.locator(".card")).to_have_count(3)
    blind.get_by_role("switch", name="Blind").uncheck()

    expect(card(blind, "Fine Matte").get_by_role("button", name="Pick Fine Matte")).to_be_enabled()
    expect(card(blind, "Quick Matte").locator(".licence")).to_have_text("MIT")
