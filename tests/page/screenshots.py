"""python -m tests.page.screenshots http://127.0.0.1:8000/: the README's picture of the page, from a running service."""

import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.page import chromium

ROOT = Path(__file__).parents[2]
PHOTO = ROOT / "tests" / "photos" / "astronaut.jpg"
TARGET = ROOT / "docs" / "page.png"
JOB_MS = 120_000
"""Longest wait for all models, in milliseconds: the first picture may load weights."""


def main(address: str) -> None:
    """Drop a photograph, wait for every cutout, and write docs/page.png, 1280 by 800 pixels."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=list(chromium.ARGS))
        page = browser.new_page(viewport={"width": 1280, "height": 800}, reduced_motion="reduce")
        page.goto(address)
        expect(page.locator("#roster .ready").first).to_be_visible()
        chromium.drop(page, PHOTO)
        expect(page.locator("#job-words")).to_contain_text(" in ", timeout=JOB_MS)
        page.wait_for_function("[...document.querySelectorAll('.card img')].every((image) => image.complete)")
        page.screenshot(path=TARGET)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("The address of a running service expected: python -m tests.page.screenshots http://127.0.0.1:8000/")
    main(sys.argv[1])
