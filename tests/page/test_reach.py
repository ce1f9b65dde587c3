"""Everybody can use it: by keyboard, on a phone, with a screen reader, in the dark."""

import pytest
from playwright.sync_api import Page, expect

from tests.page import axe
from tests.page.bench import COFFEE, drop_and_wait, logged
from tests.page.conftest import Open
from tests.page.service import Service

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
FOCUSED = "() => document.activeElement.getAttribute('aria-label') || document.activeElement.textContent.trim()"
MOST_STEPS = 60


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the element of this name has the focus, visibly."""
    for _ in range(MOST_STEPS):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED) == name:
            assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
            return
    raise AssertionError(f"{name} cannot be reached by Tab")


def test_keyboard_alone_from_start_to_pick(page: Page, service: Service) -> None:
    """Tab and Enter are enough; after the start the focus is on the picture's heading, not lost."""
    page.on("filechooser", lambda winner: winner.set_files(COFFEE))
    tab_to(page, "Choose pictures")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="coffee.jpg")).to_be_focused()
    expect(page.locator("#job-words")).to_contain_text("2 cutouts of 3")
    tab_to(page, "Pick Fine Matte")
    page.keyboard.press("Enter")
    tab_to(page, "Download Enter")
    with page.expect_download():
        page.keyboard.press("Enter")

    logged(page, "Fine Matte")
    assert service.picks() == {"slow": 1}


def test_single_keys_can_be_turned_off_and_rest_while_somebody_types(page: Page) -> None:
    """A key in a field is the field's; with the switch off, keys do nothing, on the next visit too."""
    drop_and_wait(page)
    page.keyboard.press("1")
    page.get_by_label("Files").press("2")
    expect(page.locator("#pick")).to_contain_text("Quick Matte")

    page.get_by_role("button", name="Keys").click()
    page.get_by_role("switch", name="Use keyboard shortcuts").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("2")
    expect(page.locator("#pick")).to_contain_text("Quick Matte")
    page.reload()
    assert not page.locator("#shortcuts").is_checked()


def test_a_screen_reader_is_told_what_happens(page: Page) -> None:
    """Each step is said in the status line."""
    page.evaluate(
        """() => {
            window.said = [];
            const line = document.getElementById("said");
            new MutationObserver(() => said.push(line.textContent)).observe(line, {childList: true});
        }"""
    )
    drop_and_wait(page)
    page.keyboard.press("1")
    logged(page, "Quick Matte")

    said = page.evaluate("said")
    wanted = ("Sent to 3 models.", "Quick Matte is done.", "Dry Pen gave no cutout.", "Fine Matte is done.")
    assert set(wanted) <= set(said)
    assert [line for line in said if line.startswith("All done: 2 cutouts of 3")]
    assert "Your pick: Quick Matte" in said
    assert said[-1] == "Downloaded coffee-fast.png"


def test_a_phone_scrolls_one_way_only(open_page: Open, service: Service) -> None:
    """In 390 by 844 nothing is wider than the window: at the start, with a pick, on the leaderboard."""
    page = open_page(service, **PHONE)
    width = "document.documentElement.scrollWidth"
    expect(page.locator("#roster li")).to_have_count(5)
    assert page.evaluate(width) == 390
    drop_and_wait(page)
    page.get_by_role("button", name="Pick Quick Matte").tap()
    assert page.evaluate(width) == 390
    logged(page, "Quick Matte")
    page.get_by_role("link", name="Leaderboard").tap()
    expect(page.get_by_role("row", name="Quick Matte")).to_be_visible()
    assert page.evaluate(width) == 390


@pytest.mark.parametrize("window", [{}, PHONE], ids=["desk", "phone"])
def test_axe_finds_no_serious_fault(
    open_page: Open, service: Service, axe_script: str, window: dict[str, object]
) -> None:
    """Neither view, at any step, has a serious or critical fault, in light and in dark."""
    found: dict[str, list[str]] = {}
    page = open_page(service, **window)

    def look(step: str) -> None:
        found[step] = axe.faults(page, axe_script)
        page.emulate_media(color_scheme="dark")
        found[f"{step}, dark"] = axe.faults(page, axe_script, *axe.OF_COLOURS)
        page.emulate_media(color_scheme="light")

    expect(page.locator("#roster li")).to_have_count(5)
    look("start")
    drop_and_wait(page)
    page.get_by_role("button", name="Pick Quick Matte").click()
    look("held")
    logged(page, "Quick Matte")
    look("logged")
    page.evaluate("document.getElementById('keys').showPopover()")
    look("keys")
    page.keyboard.press("Escape")
    page.evaluate("document.getElementById('key').showModal()")
    look("key")
    page.keyboard.press("Escape")
    page.get_by_role("link", name="Leaderboard").click()
    expect(page.get_by_role("row", name="Quick Matte")).to_be_visible()
    look("leaderboard")

    assert {step: faults for step, faults in found.items() if faults} == {}
