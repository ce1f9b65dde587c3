"""What a person does and sees on the bench."""

import time
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.page import chromium
from tests.page.service import Service
from tests.support.patience import HANG_S

TIMES, DASH = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"
COFFEE = Path(__file__).parents[1] / "photos" / "coffee.jpg"
ROCKET = COFFEE.with_name("rocket.jpg")
ENDED = """([name, patience_ms]) => new Promise((ended, failed) => {
    const [heading, words] = ["picture-name", "job-words"].map((id) => document.getElementById(id));
    const look = () => heading.textContent === name && /cutouts? of/.test(words.textContent) && ended();
    new MutationObserver(look).observe(words, {childList: true, characterData: true, subtree: true});
    look();
    setTimeout(() => failed(new Error(`${heading.textContent}: ${words.textContent}`)), patience_ms);
})"""
"""Waits for a picture's end; Playwright's own look for it every half second."""


def card(page: Page, name: str) -> Locator:
    """The card under a name."""
    return page.locator(".card").filter(has=page.get_by_role("heading", name=name))


def drop_and_wait(page: Page, photo: Path = COFFEE) -> None:
    """Drop a photograph, and wait until no model works on it any more."""
    chromium.drop(page, photo)
    page.evaluate(ENDED, [photo.name, HANG_S * 1000])
    expect(page.get_by_role("heading", level=1, name=photo.name)).to_be_visible()


def take(page: Page) -> str:
    """Download the pick by the bar's button; the file's name."""
    with page.expect_download() as waiting:
        page.locator("#pick [name=take]").click()
    return waiting.value.suggested_filename


def logged(page: Page, name: str) -> None:
    """Take the pick, and wait until the service has it."""
    take(page)
    expect(page.locator("#pick")).to_have_attribute("data-state", "logged")
    expect(page.get_by_role("button", name=f"Picked {name}")).to_be_visible()


def arrived(service: Service, picks: dict[str, int]) -> None:
    """Wait until the service has these picks, sent by a page that is gone."""
    deadline_s = time.monotonic() + HANG_S
    while service.picks() != picks:
        assert time.monotonic() < deadline_s, service.picks()
        time.sleep(0.05)
