"""Pictures by address, models by choice, files of another format."""

import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from tests.page.bench import TIMES, card, drop_and_wait
from tests.page.mending import small_photo
from tests.page.service import Service

FORMATS = (("WebP", "webp", "RGBA"), ("AVIF", "avif", "RGBA"), ("JPEG with background", "jpeg", "RGB"))


def saved(page: Page, name: str, path: Path) -> tuple[str, Image.Image]:
    """What a card's download gives: its name and the picture."""
    with page.expect_download() as waiting:
        card(page, name).get_by_role("link", name=f"Download {name}").click()
    waiting.value.save_as(path)
    with Image.open(io.BytesIO(path.read_bytes())) as picture:
        picture.load()
        return waiting.value.suggested_filename, picture


def test_a_picture_by_its_address(page: Page, service: Service) -> None:
    """The service fetches the picture, the page asks no other host; there is no original to compare with."""
    page.get_by_label("Address of a picture").fill(f"{service.url}static/sample.avif")
    page.get_by_role("button", name="Fetch").click()

    expect(page.get_by_role("heading", level=1, name="sample.avif")).to_be_visible()
    expect(page.locator("#job-words")).to_contain_text("cutouts of")
    expect(page.locator("#wipe")).to_be_disabled()
    expect(card(page, "Quick Matte").locator(".after img")).to_be_visible()


def test_models_are_chosen(page: Page) -> None:
    """A picture goes to the models that are ticked, and their price is summed; a reload keeps the choice."""
    page.locator("details.roster summary").click()
    page.get_by_role("checkbox", name="Fine Matte").uncheck()
    page.get_by_role("checkbox", name="Dry Pen").uncheck()
    page.reload()
    expect(page.locator("#roster-sum")).to_have_text("1 of 3 models · free")
    drop_and_wait(page)

    expect(page.locator(".card")).to_have_count(1)
    expect(card(page, "Quick Matte")).to_be_visible()


def test_files_of_another_format(page: Page, tmp_path: Path) -> None:
    """The service makes the file from the job's cutout, on the backdrop where that is wanted; enlarged, too."""
    drop_and_wait(page, small_photo(tmp_path))
    page.get_by_label("Any colour").fill("#336699")
    for size, end in (((96, 64), ""), ((192, 128), "-2x")):
        if end:
            card(page, "Quick Matte").get_by_role("button", name=f"2{TIMES}").click()
        expect(card(page, "Quick Matte").locator(".size")).to_have_text(f"{size[0]} {TIMES} {size[1]} px")
        for kind, suffix, mode in FORMATS:
            page.get_by_label("Files").select_option(label=kind)
            name, picture = saved(page, "Quick Matte", tmp_path / "saved")

            assert (name, picture.mode, picture.size) == (f"small-fast{end}.{suffix}", mode, size)
