"""Mending a cutout by hand."""

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from tests.page import axe
from tests.page.bench import arrived, drop_and_wait, take
from tests.page.conftest import Open
from tests.page.mending import SIZE, open_mend, saved, shown, small_photo, stroke
from tests.page.service import Service

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
LIMITED = """(most) => {
    const Whole = OffscreenCanvas;
    window.OffscreenCanvas = class extends Whole {
        constructor(width, height) {
            super(...(width * height > most ? [1, 1] : [width, height]));
        }
    };
}"""
"""A larger canvas has no place for what is drawn on it."""
LITTLE_PX = 2_000
"""Of a canvas: half of the small photograph on each side."""
OUTLINED = """async () => {
    const {lasso} = await import("./static/mend/brush.js");
    const {Matte} = await import("./static/mend/matte.js");
    const {Stroke} = await import("./static/mend/stroke.js");
    const points = [{x: 5, y: 6}, {x: 30, y: 3}, {x: 33, y: 38}, {x: 9, y: 30}];
    return [40, 8].map((rows) => {
        const matte = new Matte(40, 40, new Uint8Array(1600));
        lasso(new Stroke(matte, {alpha: 255, source: null}), points, 3, rows);
        return [...matte.alpha];
    });
}"""
"""What an outline covers, as a whole and in bands."""
UNDONE = """async () => {
    const {History} = await import("./static/mend/history.js");
    const tiles = {copy: () => null, paste: () => {}, box: () => ({left: 0, top: 0, right: 1, bottom: 1})};
    const history = new History(tiles);
    for (let n = 0; n < 3; n++) history.push(new Map([[n, {alpha: {length: 50 * 2 ** 20}}]]));
    let undone = 0;
    while (history.undo()) undone++;
    return undone;
}"""
"""How many of three strokes of 50 MB can be undone."""


def test_what_is_saved_is_what_was_shown(page: Page, service: Service, tmp_path: Path) -> None:
    """Kept, erased, taken from another cutout and outlined: the saved alpha is the one on screen, within 1 of 255."""
    stage = open_mend(page, small_photo(tmp_path))
    before = shown(page)
    stroke(page, stage, (0.2, 0.2), (0.8, 0.3), (0.7, 0.5))
    page.keyboard.press("e")
    stroke(page, stage, (0.2, 0.8), (0.8, 0.7))
    page.keyboard.press("t")
    expect(page.locator(".mend-words")).to_have_text("Paint over what is better in Fine Matte.")
    stroke(page, stage, (0.5, 0.6), (0.5, 0.9))
    page.keyboard.press("o")
    page.keyboard.press("k")
    stroke(page, stage, (0.05, 0.5), (0.15, 0.4), (0.15, 0.6), (0.05, 0.6))
    after = shown(page)
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("dialog")).to_be_hidden()

    assert np.count_nonzero(np.abs(after - before) > 1) > 500
    assert np.abs(saved(page, "Quick Matte, edited") - after).max() <= 1


def test_a_pick_of_it_is_a_pick_of_the_model_that_was_mended(page: Page, service: Service, tmp_path: Path) -> None:
    """The mended cutout is picked at once, and the vote says that it was mended."""
    stage = open_mend(page, small_photo(tmp_path))
    stroke(page, stage, (0.2, 0.2), (0.8, 0.3))
    page.keyboard.press("Control+s")
    expect(page.get_by_role("dialog")).to_be_hidden()
    take(page)

    arrived(service, {"fast": 1})
    assert [pick["edited"] for pick in service.export()] == [True]


def test_each_card_can_be_mended_within_bounded_memory(page: Page, tmp_path: Path) -> None:
    """A card's own button opens the brush on its cutout, whichever is picked.

    Strokes beyond 128 MB are forgotten, the oldest first, and the last can always be undone.
    """
    drop_and_wait(page, small_photo(tmp_path))
    page.keyboard.press("1")
    page.get_by_role("button", name="Mend Fine Matte").click()

    expect(page.get_by_role("heading", name="Mend Fine Matte")).to_be_visible()
    expect(page.locator(".mend-words")).to_contain_text("Paint over")
    assert page.evaluate(UNDONE) == 1


def test_a_picture_that_no_canvas_takes(page: Page, tmp_path: Path) -> None:
    """Where canvases are as limited as on an iPhone, what is saved is the same, and what is shown is its mean."""
    drop_and_wait(page, small_photo(tmp_path))
    mattes = []
    for most in (SIZE[0] * SIZE[1], LITTLE_PX):
        page.evaluate(LIMITED, most)
        page.get_by_role("button", name="Mend Quick Matte", exact=True).click()
        expect(page.locator(".mend-words")).to_contain_text("Paint over")
        stage = page.locator(".mend-stage")
        stroke(page, stage, (0.2, 0.2), (0.8, 0.3), (0.7, 0.5))
        page.keyboard.press("t")
        expect(page.locator(".mend-words")).to_have_text("Paint over what is better in Fine Matte.")
        stroke(page, stage, (0.3, 0.6), (0.5, 0.9))
        after = shown(page)
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("dialog")).to_be_hidden()
        mattes.append(saved(page, "Quick Matte, edited"))

    assert np.array_equal(mattes[1], mattes[0])
    blocks = mattes[1].reshape(SIZE[1] // 2, 2, SIZE[0] // 2, 2).mean((1, 3))
    assert np.abs(after - blocks.repeat(2, 0).repeat(2, 1)).max() <= 1
    whole, banded = page.evaluate(OUTLINED)
    assert 0 < sum(whole) / 255 < SIZE[0] * SIZE[1]
    assert np.abs(np.subtract(whole, banded)).mean() < 0.1, "only the smoothing of the edge may differ"


def test_strokes_are_undone_and_done_again(page: Page, tmp_path: Path) -> None:
    """Undo goes back to the first matte, stroke by stroke, and redo forward; a new stroke forgets what was undone.

    A soft brush that goes to and fro leaves what it leaves when it goes once.
    """
    stage = open_mend(page, small_photo(tmp_path))
    mattes = [shown(page)]
    for points in ([(0.2, 0.2), (0.8, 0.3)], [(0.3, 0.8), (0.6, 0.2)]):
        stroke(page, stage, *points)
        mattes.append(shown(page))
    page.keyboard.press("Control+z")
    once = shown(page)
    page.get_by_role("dialog").get_by_role("button", name="Undo").click()
    twice = shown(page)
    page.keyboard.press("Control+Shift+z")
    again = shown(page)
    stroke(page, stage, (0.1, 0.9), (0.2, 0.9))

    assert np.array_equal(once, mattes[1])
    assert np.array_equal(twice, mattes[0])
    assert np.array_equal(again, mattes[1])
    expect(page.get_by_role("button", name="Redo")).to_be_disabled()

    page.keyboard.press("e")
    stroke(page, stage, (0.3, 0.5), (0.7, 0.5))
    once = shown(page)
    page.keyboard.press("Control+z")
    stroke(page, stage, (0.3, 0.5), (0.7, 0.5), (0.3, 0.5), (0.7, 0.5))

    assert np.array_equal(shown(page), once)


def test_keyboard_and_wheel(page: Page, tmp_path: Path) -> None:
    """Arrows move the brush, Enter begins and ends a stroke, brackets change its size.

    The wheel makes it larger, too; with Control, as a pinch comes, the picture.
    """
    stage = open_mend(page, small_photo(tmp_path))
    before = shown(page)
    stage.focus()
    for key in ("e", "]", "]", "Enter", "ArrowRight", "ArrowRight", "Enter"):
        page.keyboard.press(key)
    wide = np.count_nonzero(shown(page) != before)
    page.keyboard.press("Control+z")
    stage.focus()
    for key in ("[", "[", "[", "[", "Enter", "Enter"):
        page.keyboard.press(key)

    assert 0 < np.count_nonzero(shown(page) != before) < wide

    stage.hover()
    size, zoom = page.get_by_role("slider", name="Size"), page.get_by_role("dialog").locator(".zoom output")
    known = (size.get_attribute("aria-valuetext"), zoom.inner_text())
    page.mouse.wheel(0, -200)
    expect(size).not_to_have_attribute("aria-valuetext", known[0] or "")
    expect(zoom).to_have_text(known[1])
    page.keyboard.down("Control")
    page.mouse.wheel(0, -20)
    page.keyboard.up("Control")

    expect(zoom).not_to_have_text(known[1])


def test_one_finger_paints_and_two_zoom(open_page: Open, service: Service, tmp_path: Path) -> None:
    """On a phone one finger is the brush; when a second comes, what the first began is none, and they zoom."""
    page = open_page(service, **PHONE)
    stage = open_mend(page, small_photo(tmp_path))
    before = shown(page)
    box = stage.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x + dx, "y": y + dy, "id": i} for i, (dx, dy) in enumerate(places)]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (-40, 0))
    touch("touchStart", (-40, 0), (40, 0))
    touch("touchMove", (-80, 0), (80, 0))
    touch("touchEnd")
    zoom = page.locator("#mend .zoom output")
    expect(page.locator("#mend [name=undo]")).to_be_disabled()
    zoomed = zoom.inner_text()
    page.keyboard.press("f")
    assert zoomed != zoom.text_content()
    assert np.array_equal(shown(page), before)

    page.keyboard.press("e")
    touch("touchStart", (-40, 0))
    touch("touchMove", (40, 0))
    touch("touchEnd")
    expect(page.locator("#mend [name=undo]")).to_be_enabled()
    assert not np.array_equal(shown(page), before)


def test_leaving_asks_once_where_strokes_would_be_lost(page: Page, tmp_path: Path) -> None:
    """Escape closes an untouched window at once; after a stroke it says so first."""
    stage = open_mend(page, small_photo(tmp_path))
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
    page.keyboard.press("m")
    expect(page.locator(".mend-words")).to_contain_text("Paint over")
    stroke(page, stage, (0.2, 0.2), (0.8, 0.3))
    page.keyboard.press("Escape")
    expect(page.locator(".mend-words")).to_contain_text("not saved")
    page.keyboard.press("Escape")

    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.locator(".card.done")).to_have_count(2)


@pytest.mark.parametrize("window", [{}, {"color_scheme": "dark", **PHONE}], ids=["desk-light", "phone-dark"])
def test_axe_finds_no_serious_fault(
    open_page: Open, service: Service, axe_script: str, tmp_path: Path, window: dict[str, object]
) -> None:
    """Nor in the large view, nor in the window of the brush; neither is wider than a phone."""
    page = open_page(service, **window)
    drop_and_wait(page, small_photo(tmp_path))
    page.keyboard.press("l")
    expect(page.locator(".look .after img")).to_be_visible()
    found = axe.faults(page, axe_script)
    page.get_by_role("radio", name="Differences").check()
    expect(page.locator(".look-words")).to_contain_text("differ in")
    found += axe.faults(page, axe_script)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.keyboard.press("m")
    expect(page.locator(".mend-words")).to_contain_text("Paint over")
    found += axe.faults(page, axe_script)

    assert found == []
    assert page.evaluate("document.querySelector('#mend').scrollWidth <= innerWidth")


def test_without_the_photograph_nothing_is_brought_back_from_it(page: Page, service: Service) -> None:
    """Of a picture that was given by its address the page has cutouts only: they can be erased, and taken from."""
    page.get_by_label("Address of a picture").fill(f"{service.url}static/sample.avif")
    page.get_by_role("button", name="Fetch").click()
    expect(page.locator("#job-words")).to_contain_text("2 cutouts of 3 in")
    page.keyboard.press("1")
    page.keyboard.press("m")
    expect(page.locator(".mend-words")).to_have_text("Paint over what should go.")
    stroke(page, page.locator(".mend-stage"), (0.4, 0.4), (0.6, 0.5))

    expect(page.get_by_role("radio", name="Keep")).to_be_disabled()
    expect(page.get_by_role("radio", name="Take")).to_be_enabled()
    expect(page.get_by_role("button", name="Save")).to_be_enabled()
