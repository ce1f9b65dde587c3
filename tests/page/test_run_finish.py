"""One finish for a whole run: previewed on one picture, applied to all, in the archive, and found again."""

import io
import re
from pathlib import Path

import httpx
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.page import axe
from tests.page.chromium import drop
from tests.page.conftest import Open, Serve
from tests.page.service import Service
from tests.page.test_finish_panel import PHONE
from tests.page.test_many import archive
from tests.page.test_trouble import allow
from tests.support.in_process import model
from tests.support.patience import HANG_S

SQUARE = "White square for a shop"
PLACE = ".finish-place"


@pytest.fixture
def shop(serve: Serve) -> Service:
    """A service with one local model."""
    return serve(model("fast", name="Quick Matte"))


@pytest.fixture(scope="module")
def shirts(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Four photographs of dark shirts."""
    files = [tmp_path_factory.mktemp("shirts") / f"shirt {number}.jpg" for number in range(4)]
    for number, file in enumerate(files):
        image = Image.new("RGB", (90, 60), (240, 240, 240))
        image.paste((30 + 20 * number, 40, 60), (20, 10, 70, 50))
        image.save(file)
    return files


def done(page: Page, words: str) -> None:
    """Wait until the run is as far as these words say."""
    expect(page.locator("#many-words")).to_have_text(words)


def members(page: Page) -> dict[str, Image.Image]:
    """The archive's pictures by their names."""
    with archive(page) as packed:
        return {name: Image.open(io.BytesIO(packed.read(name))) for name in packed.namelist()}


def open_finish(page: Page) -> None:
    """Open the panel with the square for a shop, and wait for its preview."""
    page.get_by_role("button", name="Finish", exact=True).click()
    page.get_by_role("button", name=SQUARE).click()
    expect(page.locator(".finish-shown img")).to_have_js_property("naturalWidth", 300)


def test_white_squares_in_five_clicks(open_page: Open, shop: Service, shirts: list[Path]) -> None:
    """Finish, square, apply and download; also of what is cut out later; a reload keeps it, and undo takes it back."""
    page = open_page(shop)
    late = list[Route]()
    page.route("**/remove-background", lambda route: route.continue_() if late else late.append(route))
    drop(page, *shirts)
    done(page, "3 of 4 done")
    open_finish(page)
    expect(page.locator(PLACE)).to_have_text("1 of 3 · shirt 1.jpg")
    page.keyboard.press("ArrowRight")
    expect(page.locator(PLACE)).to_have_text("2 of 3 · shirt 2.jpg")
    page.get_by_role("button", name="Only this one").click()
    done(page, "3 of 4 done · 1 of 1 finished")
    page.get_by_role("button", name="Apply to all 4 pictures").click()
    done(page, "3 of 4 done · 3 of 4 finished")
    late[0].continue_()
    done(page, "4 done · 4 finished")
    page.reload()
    done(page, "4 done · 4 finished")

    squares = members(page)
    assert list(squares) == [f"shirt {number}.jpg" for number in range(4)]
    for square in squares.values():
        assert (square.format, square.size, square.getpixel((2, 2))) == ("JPEG", (300, 300), (255, 255, 255))
    page.get_by_role("button", name="Undo finish").click()
    done(page, "4 done · 1 finished")
    assert [name[-3:] for name in members(page)] == ["png", "png", "jpg", "png"]
    page.get_by_role("button", name="Undo finish").click()
    done(page, "4 done")


def test_one_that_cannot_be_finished_says_so(open_page: Open, shop: Service, shirts: list[Path]) -> None:
    """Its tile has the reason and can be tried again; the others are finished, and are in the archive."""
    page = open_page(shop)
    allow(page, "status of 404")
    drop(page, *shirts)
    done(page, "4 done")
    with page.expect_request("**/compose") as preview:
        open_finish(page)
    *_, job_id, _ = preview.value.url.split("/")
    httpx.delete(f"{shop.url}jobs/{job_id}?forget=true", trust_env=False, timeout=HANG_S).raise_for_status()
    page.get_by_role("button", name="Apply to all 4 pictures").click()
    done(page, "4 done · 3 finished · 1 not finished")

    failed = page.locator(".tile[data-finish=failed]")
    expect(failed).to_contain_text(re.compile("Not finished. This picture is no longer kept"))
    failed.get_by_role("button", name="Try again").click()
    done(page, "4 done · 3 finished · 1 not finished")
    assert len(members(page)) == 3


@pytest.mark.parametrize("window", [{}, PHONE], ids=["wide", "phone"])
def test_axe_finds_no_serious_fault(
    open_page: Open, shop: Service, shirts: list[Path], axe_script: str, window: dict[str, object]
) -> None:
    """With the panel open, and with the finish applied; nor is it wider than a phone. Opened again, it shows that."""
    page = open_page(shop, **window)
    drop(page, *shirts[:2])
    done(page, "2 done")
    open_finish(page)
    assert axe.faults(page, axe_script) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

    page.get_by_role("button", name="Apply to all 2 pictures").click()
    done(page, "2 done · 2 finished")
    assert axe.faults(page, axe_script) == []
    page.reload()
    done(page, "2 done · 2 finished")
    page.get_by_role("button", name="Finish", exact=True).click()
    expect(page.locator(".finish [name=canvas]")).to_have_value("square")
