"""Errors in words."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

from cutout.accounts.keys import KeyRing, make_key
from tests.page.bench import COFFEE, card, drop_and_wait
from tests.page.chromium import drop
from tests.page.conftest import Open, Serve
from tests.support.in_process import model


def allow(page: Page, complaint: str) -> None:
    """Let Chromium complain of what the test provokes."""
    page.watch.allowed = re.compile(complaint)  # type: ignore[attr-defined]


def test_a_file_that_is_no_picture_and_an_address_that_is_refused(page: Page, tmp_path: Path) -> None:
    """A sentence for people is shown, which names no field; what was on the bench stays there."""
    allow(page, "status of 400")
    page.get_by_label("Address of a picture").fill("http://127.0.0.1:1/a.png")
    page.get_by_role("button", name="Fetch").click()
    expect(page.locator("#banner")).to_contain_text("That address cannot be used.")

    drop_and_wait(page)
    (tmp_path / "text.jpg").write_text("no picture")
    drop(page, tmp_path / "text.jpg")

    expect(page.get_by_role("alert")).to_contain_text("This file cannot be read as a picture. PNG")
    expect(card(page, "Quick Matte").get_by_role("img", name="Cutout of Quick Matte")).to_be_visible()


def test_every_model_fails(open_page: Open, serve: Serve) -> None:
    """The page says so, each card says why, and there is nothing to pick."""
    page = open_page(serve(model("one", options={"error": "No ink"}), model("two", options={"error": "No paper"})))
    page.get_by_role("switch", name="Blind").check()
    drop(page, COFFEE)

    expect(page.get_by_role("alert")).to_have_text("There is no cutout of this picture; each card says why.")
    expect(card(page, "One")).to_contain_text("No ink")
    expect(card(page, "Two")).to_contain_text("No paper")
    expect(page.get_by_role("button", name="None of them")).to_be_disabled()


def test_a_service_that_goes_away(open_page: Open, serve: Serve) -> None:
    """In the middle of a job the cards say what happened, and what has come stays; then nothing can be reached."""
    service = serve(model("quick"), model("never", options={"delay_s": 600}))
    page = open_page(service)
    allow(page, "net::ERR_")
    drop(page, COFFEE)
    expect(card(page, "Quick").get_by_role("img", name="Cutout of Quick")).to_be_visible()
    service.stop()

    expect(card(page, "Never")).to_contain_text("before every model had finished.")
    expect(card(page, "Quick").get_by_role("button", name="Pick Quick")).to_be_visible()
    drop(page, COFFEE)
    expect(page.get_by_role("alert")).to_have_text("The service cannot be reached. Is it running?")


def test_a_service_that_wants_a_key(open_page: Open, serve: Serve, tmp_path: Path) -> None:
    """The page opens without one, asks once, says why, and uses it until the tab is closed."""
    text, record = make_key("tests")
    ring = KeyRing(tmp_path / "keys")
    ring.add(record)
    page = open_page(serve(model("quick"), keys=ring))
    allow(page, "status of 401")
    asked = page.get_by_role("dialog", name="This service needs an API key")
    for key in ("cutout_wrong", text):
        expect(asked).to_be_visible()
        asked.get_by_label("API key").fill(key)
        asked.get_by_role("button", name="Use this key").click()
    expect(page.locator("#roster")).to_contain_text("Quick")

    page.reload()
    drop(page, COFFEE)
    expect(page.locator("#job-words")).to_contain_text("1 cutout of 1")
