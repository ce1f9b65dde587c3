"""The way back, and what is found again: after a reload, on the first view, by an address."""

import re

from playwright.sync_api import Page, expect

from tests.page.bench import COFFEE, ROCKET, card, drop_and_wait, logged
from tests.page.chromium import drop, late
from tests.page.service import Service


def test_the_logo_leads_to_the_start_and_back_to_the_picture(page: Page) -> None:
    """From a picture the logo shows the first view, and the browser's Back the picture as it was."""
    drop_and_wait(page)
    page.get_by_role("link", name="Cutout Shotgun").click()
    expect(page.get_by_role("button", name="Choose pictures")).to_be_visible()
    page.go_back()

    expect(page.get_by_role("heading", level=1, name="coffee.jpg")).to_be_visible()
    expect(card(page, "Quick Matte").get_by_role("img", name="Cutout of Quick Matte")).to_be_visible()


def test_a_reload_finds_the_picture_and_its_pick(page: Page, service: Service) -> None:
    """Cutouts, original and pick are there again, and no model has run a second time."""
    drop_and_wait(page)
    page.keyboard.press("2")
    logged(page, "Fine Matte")
    page.reload()

    expect(page.locator("#job-words")).to_contain_text("2 cutouts of 3")
    expect(page.get_by_role("button", name="Picked Fine Matte")).to_be_visible()
    expect(page.locator("#wipe")).to_be_enabled()
    expect(card(page, "Dry Pen")).to_contain_text("The ink ran out.")
    assert service.picks() == {"slow": 1}


def test_a_reload_while_models_work_goes_on(page: Page, service: Service) -> None:
    """The job goes on without the page, which shows the rest when it is back."""
    with service.held("slow"):
        drop(page, COFFEE)
        expect(card(page, "Quick Matte").locator(".after img")).to_be_visible()
        page.reload()
        expect(card(page, "Quick Matte").locator(".after img")).to_be_visible()
        expect(page.locator(".card.waiting .name")).to_have_text(["Fine Matte"])

    expect(page.locator("#job-words")).to_contain_text("2 cutouts of 3")


def test_recent_pictures_are_on_the_first_view_until_deleted(page: Page) -> None:
    """The newest comes first; a click opens it, another deletes it, here and on the service."""
    drop_and_wait(page)
    drop_and_wait(page, ROCKET)
    page.get_by_role("link", name="Cutout Shotgun").click()
    names = page.locator(".recent-name")
    expect(names).to_have_text(["rocket.jpg", "coffee.jpg"])
    expect(page.locator(".recent-item img[src]")).to_have_count(2)

    with page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
        page.get_by_role("button", name=re.compile("Delete rocket.jpg")).click()
    assert deleted.value.status == 204
    assert deleted.value.url.endswith("?forget=true")
    expect(names).to_have_text(["coffee.jpg"])
    page.reload()
    expect(names).to_have_text(["coffee.jpg"])
    page.get_by_role("link", name=re.compile("coffee.jpg")).click()
    expect(page.locator("#job-words")).to_contain_text("2 cutouts of 3")


def test_an_address_of_nothing_leads_to_the_start(page: Page, service: Service) -> None:
    """What this browser does not know any more is said, and the first view is shown."""
    for view in ("picture", "many"):
        page.goto(f"{service.url}#{view}/unknown")
        expect(page.locator("#banner")).to_contain_text("is not known to this browser any more.")
        expect(page.get_by_role("button", name="Choose pictures")).to_be_visible()


def test_a_picture_that_comes_late_does_not_take_the_place_of_a_newer_one(page: Page) -> None:
    """While a picture is being opened again another is dropped: that one stays, and the late one is found as before."""
    drop_and_wait(page)
    with late(page, "**/events"):
        page.reload()
        expect(page.locator("#banner")).to_have_text("Opening coffee.jpg …")
        drop_and_wait(page, ROCKET)
    expect(page.get_by_role("heading", level=1, name="rocket.jpg")).to_be_visible()
    expect(page.locator("#banner")).to_be_hidden()
    page.get_by_role("link", name="Cutout Shotgun").click()
    page.get_by_role("link", name=re.compile("coffee.jpg")).click()
    expect(page.locator("#job-words")).to_contain_text("2 cutouts of 3")


def test_nobody_is_brought_back_to_a_view_that_was_left(page: Page) -> None:
    """Who leaves before a picture has come, or before it is found to be gone, stays where he went."""
    drop_and_wait(page)
    for gone, asked in (("", "**/events"), ("-of-no-picture", "**/models")):
        with late(page, asked):
            with page.expect_request(asked):
                page.evaluate("(gone) => { location.hash += gone; location.reload(); }", gone)
            page.get_by_role("link", name="Leaderboard").click()
        expect(page.get_by_role("heading", level=1, name="Leaderboard")).to_be_visible()
        expect(page.locator("#banner")).to_be_hidden()
        page.go_back()
