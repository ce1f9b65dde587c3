"""Looking closely, and taking the cutouts along."""

import zipfile
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.page.bench import COFFEE, TIMES, card, drop_and_wait
from tests.page.conftest import Open
from tests.page.mending import small_photo
from tests.page.service import Service

VIEWS = """() => [...document.querySelectorAll(".card.done .after img")].map((image) => {
    const {a, e, f} = new DOMMatrix(getComputedStyle(image).transform);
    return {zoom: a, x: e, y: f};
})"""


def view(page: Page) -> dict[str, float]:
    """Zoom, and shift in CSS pixels, of every card; they are the same."""
    first, *others = page.evaluate(VIEWS)
    assert others == [first]
    return {name: round(value, 2) for name, value in first.items()}


def test_wheel_pointer_and_keys_move_all_cards_together(page: Page) -> None:
    """With Ctrl the wheel zooms about the pointer, a drag pans, Fit goes back; alone it leaves the picture as it is.

    Plus and minus zoom, arrows pan the stage that has the focus, F fits.
    """
    drop_and_wait(page)
    box = page.locator(".stage").first.bounding_box()
    assert box
    centre = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)

    page.mouse.move(*centre)
    page.mouse.wheel(0, -500)
    assert view(page) == {"zoom": 1, "x": 0, "y": 0}
    page.keyboard.down("Control")
    page.mouse.wheel(0, -500)
    page.mouse.wheel(0, -50)
    page.keyboard.up("Control")
    zoomed = view(page)
    page.mouse.down()
    page.mouse.move(centre[0] + 40, centre[1] + 30, steps=4)
    page.mouse.up()

    assert zoomed["zoom"] == pytest.approx(2.72, abs=0.01)
    assert view(page) == pytest.approx({"zoom": 2.72, "x": zoomed["x"] + 40, "y": zoomed["y"] + 30}, abs=0.6)
    page.get_by_role("button", name="Fit").click()
    assert view(page) == {"zoom": 1, "x": 0, "y": 0}

    stage = card(page, "Quick Matte").get_by_role("group", name="Quick Matte")
    stage.focus()
    for key in ("+", "+", "ArrowLeft", "ArrowUp"):
        page.keyboard.press(key)
    width, height = stage.evaluate("(stage) => [stage.clientWidth, stage.clientHeight]")

    assert view(page) == pytest.approx({"zoom": 2.25, "x": width / 10, "y": height / 10}, abs=0.6)
    page.keyboard.press("f")
    assert view(page)["zoom"] == 1


def test_two_fingers_pinch(open_page: Open, service: Service) -> None:
    """Fingers that move apart zoom by as much as they do."""
    page = open_page(service, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    drop_and_wait(page)
    stage = page.locator(".stage").first
    stage.scroll_into_view_if_needed()
    box = stage.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = page.context.new_cdp_session(page)
    for kind, apart in (("touchStart", 40), ("touchMove", 60), ("touchMove", 80), ("touchEnd", None)):
        points = [] if apart is None else [{"x": x - apart, "y": y, "id": 0}, {"x": x + apart, "y": y, "id": 1}]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    assert view(page)["zoom"] == pytest.approx(2, abs=0.05)


def test_the_slider_shows_the_original_from_the_left(page: Page) -> None:
    """At 40 every card shows 40 % of the original; its handle can be drawn, too."""
    drop_and_wait(page)
    page.get_by_label("Original").fill("40")
    clips = "() => [...document.querySelectorAll('.done .before')].map((layer) => getComputedStyle(layer).clipPath)"
    assert page.evaluate(clips) == ["inset(0px 60% 0px 0px)"] * 2

    box = page.locator(".stage").first.bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.7, y, steps=4)
    page.mouse.up()
    assert page.evaluate(clips) == ["inset(0px 30% 0px 0px)"] * 2
    assert view(page)["x"] == 0


def test_what_lies_behind(page: Page) -> None:
    """A checkerboard, white, black, or any colour, behind all cutouts."""
    drop_and_wait(page)
    behind = "() => getComputedStyle(document.querySelector('.done .stage'))"
    assert "conic-gradient" in page.evaluate(f"({behind})().backgroundImage")
    for name, colour in (("White", "rgb(255, 255, 255)"), ("Black", "rgb(0, 0, 0)")):
        page.get_by_role("radio", name=name).check()
        assert page.evaluate(f"({behind})().backgroundColor") == colour
    page.get_by_label("Any colour").fill("#336699")

    assert page.evaluate(f"({behind})().backgroundColor") == "rgb(51, 102, 153)"
    expect(page.get_by_role("radio", name="Black")).not_to_be_checked()


def test_a_cutout_twice_and_four_times_as_large(page: Page, tmp_path: Path) -> None:
    """The size asked for is shown and downloaded, its transparency kept; a second time nothing is asked."""
    drop_and_wait(page, small_photo(tmp_path))
    quick = card(page, "Quick Matte")
    for factor, size in ((4, (384, 256)), (2, (192, 128)), (4, (384, 256))):
        quick.get_by_role("button", name=f"{factor}{TIMES}").click()
        expect(quick.locator(".size")).to_have_text(f"{size[0]} {TIMES} {size[1]} px")
        with page.expect_download() as waiting:
            quick.get_by_role("link", name="Download Quick Matte").click()

        assert waiting.value.suggested_filename == f"small-fast-{factor}x.png"
        with Image.open(waiting.value.path()) as picture:
            assert (picture.size, picture.mode) == (size, "RGBA")


def test_all_cutouts_in_one_archive(open_page: Open, service: Service, tmp_path: Path) -> None:
    """The archive is sound, and has every cutout under its model's name, even where the picture's has no ASCII."""
    photo = tmp_path / "Käffchen ☕.jpg"
    photo.write_bytes(COFFEE.read_bytes())
    page = open_page(service)
    drop_and_wait(page, photo)
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download all").click()
    waiting.value.save_as(tmp_path / "all.zip")

    assert waiting.value.suggested_filename == "Käffchen ☕-cutouts.zip"
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["Käffchen ☕-fast.png", "Käffchen ☕-slow.png"]
        for name in archive.namelist():
            with archive.open(name) as member, Image.open(member) as picture:
                assert (picture.size, picture.mode) == ((600, 400), "RGBA")
