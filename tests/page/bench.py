"""What a person does and sees on the bench."""

import re
import time
from pathlib import Path

from playwright.sync_api import Locator, Page, expect

from tests.page import chromium
from tests.page.service import Service
from tests.support.patience import HANG_S

TIMES, DASH = "\N{MULTIPLICATION SIGN}", "\N{EN DASH}"
COFFEE = Path(__file__).parents[1] / "photos" / "coffee.jpg"
ROCKET = COFFEE.with_name("rocket.jpg")


def card(page: Page, name: str) -> Locator:
    """The card under a name."""
    return page.locator(".card").filter(has=page.get_by_role("heading", name=name))


def drop_and_wait(page: Page, photo: Path = COFFEE) -> None:
    """Drop a photograph, and wait until no model works on it any more."""
    chromium.drop(page, photo)
    expect(page.get_by_role("heading", level=1, name=photo.name)).to_be_visible()
    expect(page.locator("#job-words")).to_contain_text(re.compile("cutouts? of"))


def logged(page: Page, name: str) -> None:
    """Wait until the page says that this pick is logged."""
    expect(page.locator("#pick")).to_contain_text(f"Logged: {name}.")


def arrived(service: Service, picks: dict[str, int]) -> None:
    """Wait until the service has these picks, sent by a page that is gone."""
    deadline_s = time.monotonic() + HANG_S
    while service.picks() != picks:
        assert time.monotonic() < deadline_s, service.picks()
        time.sleep(0.05)
