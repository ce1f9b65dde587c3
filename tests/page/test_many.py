"""Many pictures at once: a queue of tiles, a winner each, one archive."""

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from cutout.accounts.spec import AccessSpec, LimitTier
from tests.page import axe
from tests.page.chromium import drop, late
from tests.page.conftest import Open, Serve
from tests.page.mending import stroke
from tests.page.service import Service
from tests.page.test_trouble import allow
from tests.support.in_process import model

ALL_ACCEPTED = """async () => {
    const done = (asked) => new Promise((resolve) => { asked.onsuccess = () => resolve(asked.result); });
    const database = await done(indexedDB.open("cutout"));
    const kept = () => done(database.transaction("entries").objectStore("entries").getAll());
    for (let entries = []; !entries.length || !entries.every(({jobId}) => jobId); entries = await kept()) {
        await new Promise((resolve) => setTimeout(resolve, 20));
    }
    database.close();
}"""
"""Waits until the page has kept the job's id of every picture."""
NARROW = AccessSpec(tiers={"default": LimitTier(requests_per_minute=1000, concurrent_jobs=2)})


@pytest.fixture
def two(serve: Serve) -> Service:
    """A service with two local models of two families, and a caller's limit of two jobs at a time."""
    models = (model("fast", name="Quick Matte", family="a"), model("slow", name="Fine Matte", family="b"))
    return serve(*models, access=NARROW)


@pytest.fixture
def photos(tmp_path: Path) -> list[Path]:
    """Six photographs, two of which have the same name."""
    folder = tmp_path / "photos"
    files = []
    for number in range(6):
        file = folder / str(number // 5) / f"shirt {number % 5}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        image = Image.new("RGB", (90, 60), (240, 240, 240))
        image.paste((30 + 20 * number, 40, 60), (20, 10, 70, 50))
        image.save(file)
        files.append(file)
    return files


def archive(page: Page) -> zipfile.ZipFile:
    """What the download of all cutouts gives."""
    with page.expect_download() as waiting:
        page.locator("#many-zip").click()
    assert waiting.value.suggested_filename == "cutouts.zip"
    return zipfile.ZipFile(io.BytesIO(Path(waiting.value.path()).read_bytes()))


def test_every_picture_gets_its_winner_in_one_archive(
    open_page: Open, two: Service, photos: list[Path], axe_script: str
) -> None:
    """All dropped files are taken, a reload in the middle loses none, and the archive names them as they were."""
    page = open_page(two)
    allow(page, "status of 429")
    with two.held("slow"):
        drop(page, *photos)
        expect(page.get_by_role("heading", level=1, name="6 pictures")).to_be_visible()
        expect(page.locator(".tile")).to_have_count(6)
        expect(page.locator(".tile[data-state=working]")).to_have_count(4)
        page.reload()
        expect(page.locator(".tile")).to_have_count(6)
        expect(page.locator("#waiting")).to_contain_text("The server is busy. Goes on in")
        expect(page.locator("#banner")).to_be_hidden()
    expect(page.locator("#many-words")).to_have_text(re.compile("^6 done"))
    assert axe.faults(page, axe_script) == []

    with archive(page) as members:
        assert members.testzip() is None
        names = [f"shirt {number}.png" for number in range(5)]
        assert members.namelist() == [*names, "shirt 0-2.png"]
        for number, name in enumerate(members.namelist()):
            with members.open(name) as member, Image.open(member) as picture:
                assert (picture.size, picture.mode) == ((90, 60), "RGBA")
                assert np.asarray(picture)[30, 45, :3].astype(int) == pytest.approx((30 + 20 * number, 40, 60), abs=6)


def test_a_reload_sends_no_picture_again(open_page: Open, two: Service, photos: list[Path]) -> None:
    """What the service has accepted before is followed by its job, and ends as if nothing had happened."""
    page = open_page(two)
    with two.held("slow"):
        drop(page, *photos[:2])
        page.evaluate(ALL_ACCEPTED)
        sent = list[str]()
        page.on("request", lambda asked: sent.append(asked.method) if asked.url.endswith("-background") else None)
        page.reload()
        expect(page.locator(".tile[data-state=working]")).to_have_count(2)
    expect(page.locator("#many-words")).to_have_text(re.compile("^2 done"))
    assert sent == []


def test_pictures_that_are_dropped_while_a_run_is_opened_are_a_run_of_their_own(
    open_page: Open, two: Service, photos: list[Path]
) -> None:
    """The tiles of a run that comes late, since the service answers late, are not among those of the next run."""
    page = open_page(two)
    allow(page, "status of 429")
    drop(page, *photos[:2])
    expect(page.locator("#many-words")).to_have_text(re.compile("^2 done"))
    before = page.url
    with late(page, "**/models"):
        page.reload()
        drop(page, *photos[2:5])
        page.wait_for_url(lambda url: url != before)
    expect(page.locator("#many-words")).to_have_text(re.compile("^3 done"))
    page.go_back()
    expect(page.locator("#many-words")).to_have_text(re.compile("^2 done"))


def test_what_is_mended_is_in_the_archive(open_page: Open, two: Service, photos: list[Path]) -> None:
    """A picture of a run that is mended by hand, twice, comes with both strokes, above and below its middle."""
    page = open_page(two)
    drop(page, *photos[:2])
    expect(page.locator("#many-words")).to_have_text(re.compile("^2 done"))
    page.locator(".tile-link").first.click()
    expect(page.locator("#job-words")).to_contain_text("2 cutouts of 2")
    page.keyboard.press("1")
    for row in (0.4, 0.6):
        page.keyboard.press("m")
        expect(page.locator(".mend-words")).to_contain_text("Paint over")
        page.keyboard.press("e")
        stroke(page, page.locator(".mend-stage"), (0.4, row), (0.6, row))
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("dialog")).to_be_hidden()
    page.get_by_role("link", name="All pictures").click()

    with archive(page) as members, members.open("shirt 0.png") as member, Image.open(member) as picture:
        alpha = np.asarray(picture)[..., 3]
    assert max(alpha[22, 45], alpha[37, 45]) < 8
    assert alpha[30, 45] > 200


def test_nothing_that_is_paid_runs_before_its_price_is_agreed_to(
    open_page: Open, serve: Serve, photos: list[Path]
) -> None:
    """Local models start at once; with paid ones the price of the run is shown, and Run starts it; remembered."""
    models = (model("fast", name="Quick Matte"), model("far", name="Far Away", provider="far", price_usd=0.01))
    page = open_page(serve(*models))
    sent = list[str]()
    page.on("request", lambda asked: sent.append(asked.url) if asked.url.endswith("/remove-background") else None)
    drop(page, *photos[:2])
    expect(page.locator("#many-words")).to_have_text(re.compile("^2 done"))
    assert not page.get_by_role("button", name="Run").is_visible()

    page.get_by_role("switch", name="Ask paid models too").check()
    page.reload()
    drop(page, *photos[2:4])
    expect(page.locator("#price")).to_contain_text("$0.02")
    assert len(sent) == 2
    page.get_by_role("button", name="Run 2 pictures").click()
    expect(page.locator("#many-words")).to_have_text(re.compile("^2 done"))
    assert len(sent) == 4
