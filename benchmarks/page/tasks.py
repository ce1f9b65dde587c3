"""Five tasks of a shop on the page, and what each takes: `python -m benchmarks.page.tasks`.

A script does them in Chromium at 1440 by 900, with the models that come with the service. Its seconds are those of the
service and the browser: it neither looks nor thinks. Each file is checked. docs/page.md has the table.
"""

import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from playwright.sync_api import Page, expect

from benchmarks.page.hand import Hand
from benchmarks.page.real import DESK, real_page
from tests.page.bench import COFFEE

PHOTOS = sorted(COFFEE.parent.glob("*.jpg"))
PORTRAIT = COFFEE.with_name("astronaut.jpg")
MANY = 30
HAIR = ((0.46, 0.1), (0.41, 0.17), (0.4, 0.28))
"""Along the hair at the left of the portrait, in parts of the stage."""
PATIENCE_MS = 600_000
NEARLY_WHITE = 250
"""Of 255, in a JPEG."""
AGE_A_DAY = """async () => {
    const {entries, keep} = await import("./static/kept/store.js");
    for (const entry of await entries()) {
        entry.created -= 86_400_000;
        await keep(entry);
    }
}"""


def white_background(page: Page, folder: Path) -> Hand:
    """One picture on a white background."""
    hand = Hand(page, folder)
    hand.drop(COFFEE)
    _cut(page)
    hand.press("h")
    hand.choose("format", "JPEG")
    _previewed(page)
    with Image.open(hand.take("Download")) as picture:
        assert (picture.format, picture.getpixel((0, 0))) == ("JPEG", (255, 255, 255))
    return hand


def many_squares(page: Page, folder: Path) -> Hand:
    """Thirty products on white squares of 2,000 pixels, in one ZIP."""
    photos = [_variant(number, folder) for number in range(MANY)]
    hand = Hand(page, folder)
    hand.drop(*photos)
    expect(page.locator("#many-words")).to_contain_text("done")
    expect(page.get_by_role("button", name="Finish", exact=True)).to_be_enabled()
    hand.press("h")
    hand.click("White square for a shop")
    _previewed(page)
    hand.click(f"Apply to all {MANY} pictures")
    expect(page.locator("#many-words")).to_contain_text(f"{MANY} finished")
    with zipfile.ZipFile(hand.take(f"Download {MANY} pictures")) as archive:
        for name in archive.namelist():
            with archive.open(name) as file, Image.open(file) as picture:
                assert picture.size == (2000, 2000), name
                assert np.asarray(picture)[0, 0].min() >= NEARLY_WHITE, name
        assert len(archive.namelist()) == MANY
    return hand


def mended_hair(page: Page, folder: Path) -> Hand:
    """A portrait's hair mended, from another model's cutout."""
    hand = Hand(page, folder)
    hand.drop(PORTRAIT)
    _cut(page)
    for key in ("1", "m", "t"):
        hand.press(key)
        if key == "m":
            expect(page.locator(".mend-words")).to_contain_text("Paint over")
    expect(page.locator(".mend-words")).to_contain_text("what is better in")
    hand.stroke(page.locator(".mend-stage"), *HAIR)
    hand.press("Control+s")
    expect(page.get_by_role("dialog")).to_be_hidden()
    assert hand.take().name == "astronaut-edited.png"
    return hand


def shirt_print(page: Page, folder: Path) -> Hand:
    """A shirt print of 4,500 x 5,400 pixels at 300 DPI."""
    hand = Hand(page, folder)
    hand.drop(PORTRAIT)
    _cut(page)
    hand.press("h")
    _previewed(page)
    hand.choose("canvas", "T-shirt print")
    _previewed(page)
    with Image.open(hand.take("Download")) as picture:
        assert (picture.size, picture.mode, [round(dpi) for dpi in picture.info["dpi"]]) == (
            (4500, 5400), "RGBA", [300, 300],
        )  # fmt: skip
    return hand


def yesterdays_picture(page: Page, folder: Path) -> Hand:
    """Yesterday's picture found, and downloaded again."""
    before = Hand(page, folder)
    before.drop(COFFEE)
    _cut(page)
    before.press("1")
    before.take()
    page.evaluate(AGE_A_DAY)
    page.goto(page.url.partition("#")[0])
    expect(page.locator(".recent-item")).to_have_count(1)
    hand = Hand(page, folder)
    hand.click("coffee.jpg")
    _cut(page)
    assert hand.take().name.startswith("coffee-")
    return hand


TASKS: tuple[Callable[[Page, Path], Hand], ...] = (
    white_background, many_squares, mended_hair, shirt_print, yesterdays_picture,
)  # fmt: skip


def main() -> None:
    """Do each task in a browser that knows nothing of the others."""
    expect.set_options(timeout=PATIENCE_MS)
    print("| Task | Clicks | Keys | Drags | Seconds |\n|---|---|---|---|---|")
    with real_page() as (service, browser), tempfile.TemporaryDirectory() as folder:
        expect.set_options(timeout=PATIENCE_MS)
        for task in TASKS:
            context = browser.new_context(**DESK, reduced_motion="reduce")
            page = context.new_page()
            page.set_default_timeout(PATIENCE_MS)
            page.goto(service.url)
            expect(page.locator("#roster li")).not_to_have_count(0)
            hand = task(page, Path(folder))
            words = (task.__doc__ or "").strip(".")
            print(f"| {words} | {hand.clicks} | {hand.keys} | {hand.drags} | {hand.took_s:.1f} |", flush=True)
            context.close()


def _cut(page: Page) -> None:
    expect(page.locator("#job-words")).to_contain_text("cutouts of")


def _previewed(page: Page) -> None:
    panel = page.locator(".finish:visible")
    expect(panel).to_have_attribute("aria-busy", "false")
    expect(panel.locator(".finish-words")).to_contain_text("px")


def _variant(number: int, folder: Path) -> Path:
    """One of many files made of the photographs: each is mirrored or not, and cropped to another size."""
    file = folder / f"product {number + 1:02}.jpg"
    with Image.open(PHOTOS[number % len(PHOTOS)]) as photo:
        cut = 2 * (number // len(PHOTOS))
        picture = photo.convert("RGB").crop((cut, cut, photo.width - cut, photo.height - cut))
        (ImageOps.mirror(picture) if number % 2 else picture).save(file, quality=92)
    return file


if __name__ == "__main__":
    main()
