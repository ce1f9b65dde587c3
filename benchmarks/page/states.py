"""A screenshot of each state of the page, to be looked at: `python -m benchmarks.page.states FOLDER`.

At a desk and on a phone, light and dark, with the models that come with the service and photographs of tests/photos.
What is wrong is printed, and the exit status is 1 then: serious faults that axe-core finds, messages on the console, a
page that is wider than its window.
"""

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, expect

from benchmarks.page.real import DESK, PHONE, real_page
from tests.page import axe, chromium
from tests.page.bench import COFFEE, drop_and_wait, take
from tests.page.service import Service

PHOTOS = COFFEE.parent
PORTRAIT = PHOTOS / "astronaut.jpg"
BUNDLED = "docs"
"""The state that is Swagger UI's own page: its markup and colours are not ours."""
WINDOWS: dict[str, dict[str, Any]] = {
    f"{name}-{colours}": {**window, "color_scheme": colours, "reduced_motion": "reduce"}
    for name, window in (("desk", DESK), ("phone", PHONE))
    for colours in ("light", "dark")
}


def main() -> None:
    """Write the screenshots; an answer of 400 and above is what some states are of."""
    folder, wrong = Path(sys.argv[1]), 0
    folder.mkdir(parents=True, exist_ok=True)
    with real_page() as (service, browser), tempfile.TemporaryDirectory() as scratch:
        script = axe.fetch(Path(scratch))
        for window, options in WINDOWS.items():
            context = browser.new_context(**options)
            watch = chromium.Watch(context)
            page = context.new_page()
            page.set_default_timeout(chromium.PATIENCE_MS)
            for number, state in enumerate(states(page, service)):
                page.screenshot(path=folder / f"{window}-{number:02}-{state}.png", animations="disabled")
                if state != BUNDLED:
                    wrong += _told(f"{window}, {state}", _faults(page, script))
            wrong += _told(window, [text for text in watch.complaints if "status of" not in text])
            context.close()
    sys.exit(wrong > 0)


def states(page: Page, service: Service) -> Iterator[str]:
    """The name of each state, while the page is in it."""
    page.goto(service.url)
    expect(page.locator("#roster li")).to_have_count(5)
    yield "start"
    yield from _one_picture(page, service)
    yield from _panels(page)
    yield from _shared(page)
    yield from _many(page, service)
    yield from _blind(page)
    yield from _others(page, service)


def _one_picture(page: Page, service: Service) -> Iterator[str]:
    with service.held("local_u2netp"):
        chromium.drop(page, PORTRAIT)
        expect(page.locator(".card.done")).to_have_count(1)
        yield "arriving"
    expect(page.locator("#job-words")).to_contain_text("cutouts of")
    yield "done"
    page.keyboard.press("1")
    yield "picked"
    page.get_by_label("Original").fill("38")
    yield "wipe"
    page.get_by_label("Original").fill("0")


def _panels(page: Page) -> Iterator[str]:
    page.keyboard.press("l")
    expect(page.locator(".look .after img")).to_be_visible()
    yield "compare"
    page.keyboard.press("v")
    yield "mask"
    page.keyboard.press("v")
    expect(page.locator(".look-words")).to_contain_text("differ in")
    yield "differences"
    page.keyboard.press("m")
    expect(page.locator(".mend-words")).to_contain_text("Paint over")
    yield "mend"
    page.keyboard.press("Escape")
    page.keyboard.press("h")
    expect(page.locator("#panel .finish-words")).to_contain_text("px")
    yield "finish"
    page.keyboard.press("h")


def _shared(page: Page) -> Iterator[str]:
    page.keyboard.press("s")
    yield "share"
    page.get_by_role("button", name="Copy link").click()
    expect(page.locator(".share-words")).to_contain_text("works until")
    yield "share-made"
    link = page.get_by_label("Link", exact=True).input_value()
    page.goto(link)
    expect(page.get_by_label("Before")).to_be_visible()
    yield "shared"
    page.goto(link[:-1])
    expect(page.get_by_role("main")).to_contain_text("not valid")
    yield "shared-wrong"


def _many(page: Page, service: Service) -> Iterator[str]:
    page.goto(service.url)
    with service.held("local_u2netp"):
        chromium.drop(page, *sorted(PHOTOS.glob("*.jpg")))
        expect(page.locator(".tile")).to_have_count(4)
        yield "queue"
    expect(page.locator("#many-zip")).to_be_enabled()
    expect(page.locator(".tile-after[src]")).to_have_count(4)
    yield "queue-done"
    page.goto(service.url)
    expect(page.locator(".recent-item")).to_have_count(2)
    yield "recent"


def _blind(page: Page) -> Iterator[str]:
    page.get_by_role("switch", name="Blind").check()
    drop_and_wait(page)
    yield "blind"
    page.keyboard.press("1")
    take(page)
    expect(page.locator("#pick")).to_have_attribute("data-state", "logged")
    yield "blind-picked"
    page.get_by_role("switch", name="Blind").uncheck()


def _others(page: Page, service: Service) -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        text = Path(folder) / "notes.jpg"
        text.write_text("no picture")
        chromium.drop(page, text)
        expect(page.get_by_role("alert")).to_be_visible()
        yield "error"
    page.get_by_role("link", name="Leaderboard").click()
    expect(page.get_by_role("row", name="Local")).not_to_have_count(0)
    yield "leaderboard"
    page.evaluate("document.getElementById('keys').showPopover()")
    yield "keys"
    page.evaluate("document.getElementById('key').showModal()")
    yield "key"
    page.goto(f"{service.url}docs")
    expect(page.locator(".opblock").first).to_be_visible()
    yield BUNDLED


def _told(where: str, faults: list[str]) -> int:
    """Print them; their number."""
    for fault in faults:
        print(f"{where}: {fault}", flush=True)
    return len(faults)


def _faults(page: Page, script: str) -> list[str]:
    """What is wrong with the page as it stands."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return axe.faults(page, script) + ([f"{wide} pixels wider than the window"] if wide > 0 else [])


if __name__ == "__main__":
    main()
