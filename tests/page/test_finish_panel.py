"""The finish of a cutout: a live preview, undo, and the file as it is shown."""

import re
import threading
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from cutout.errors import ModelUnavailable
from deployments.engines import span
from tests.page import axe
from tests.page.bench import drop_and_wait
from tests.page.conftest import Open
from tests.page.mending import small_photo
from tests.page.service import Service
from tests.support.enlarging import Doubling
from tests.support.patience import HANG_S

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def opened(page: Page, photo: Path) -> Locator:
    """The panel, with the preview of the cutout as it is."""
    drop_and_wait(page, photo)
    page.keyboard.press("h")
    panel = page.locator(".finish")
    expect(panel.locator(".finish-words")).to_contain_text("kB")
    return panel


def saved(page: Page, panel: Locator, tmp_path: Path, button: str = "Download") -> tuple[str, Path]:
    """The name and the file of what a button downloads."""
    expect(panel).to_have_attribute("aria-busy", "false")
    with page.expect_download() as waiting:
        panel.get_by_role("button", name=button, exact=True).click()
    waiting.value.save_as(tmp_path / "saved")
    return waiting.value.suggested_filename, tmp_path / "saved"


def test_a_square_for_a_shop(page: Page, tmp_path: Path) -> None:
    """Four choices make a square on white with a shadow; the file is the preview; undo takes one back."""
    photo = small_photo(tmp_path)
    panel = opened(page, photo)
    panel.locator("[name=canvas]").select_option("square")
    panel.get_by_role("switch", name="Crop to the subject").check()
    panel.locator("[name=shadow]").fill("60")
    panel.locator("[name=format]").select_option("jpeg")
    expect(panel.locator(".finish-shown img")).to_have_js_property("naturalWidth", 300)

    name, file = saved(page, panel, tmp_path)

    shown = Image.open(file)
    assert name == f"{photo.stem}.jpg"
    assert (shown.format, shown.size, shown.info["dpi"], shown.getpixel((2, 2))) == (
        "JPEG", (300, 300), (300, 300), (255, 255, 255),
    )  # fmt: skip
    panel.locator("[name=format]").select_option("webp")
    assert saved(page, panel, tmp_path)[0] == f"{photo.stem}.webp"
    panel.get_by_role("button", name="Undo").click()
    expect(panel.locator("[name=format]")).to_have_value("jpeg")
    panel.get_by_role("button", name="Start over").click()
    expect(panel.locator("[name=format]")).to_have_value("png")
    panel.locator("[name=format]").select_option("webp")
    panel.get_by_role("button", name="Undo").click()
    expect(panel.locator("[name=format]")).to_have_value("png")


def test_a_print(page: Page, tmp_path: Path) -> None:
    """A filled size has no margin, a hard edge leaves nothing half transparent, and only what counts can be chosen.

    One ZIP has every cutout of the picture with the finish that is shown.
    """
    photo = small_photo(tmp_path)
    panel = opened(page, photo)
    expect(panel.get_by_role("switch", name="Fill the size")).to_be_disabled()
    expect(panel.get_by_label("Sharpness")).to_be_disabled()
    panel.locator("[name=canvas]").select_option("square")
    panel.get_by_role("switch", name="Fill the size").check()
    panel.locator("[name=alpha]").select_option("hard")
    panel.locator("[name=factor]").select_option("2")
    panel.get_by_label("Sharpness").select_option("Sharper")
    expect(panel.locator("[name=margin]")).to_be_disabled()
    expect(panel.locator(".finish-shown img")).to_have_js_property("naturalWidth", 300)

    _, file = saved(page, panel, tmp_path)

    with Image.open(file) as shown:
        assert shown.size == (300, 300)
        assert set(shown.getchannel("A").tobytes()) <= {0, 255}
    panel.locator("[name=background]").select_option("blur")
    name, file = saved(page, panel, tmp_path, "Download every cutout")
    assert name == f"{photo.stem}.zip"
    assert file.read_bytes()[:2] == b"PK"


def test_the_finest_detail(page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wait is told; a preview that the next choice makes needless is given up, and its failure is not shown."""
    panel = opened(page, small_photo(tmp_path))
    began, go = threading.Event(), threading.Event()

    def missing(*_: int) -> Any:
        began.set()
        assert go.wait(HANG_S)
        raise ModelUnavailable("no weights")

    monkeypatch.setattr(span, "span", missing)
    panel.locator("[name=factor]").select_option("2")
    panel.get_by_label("Sharpness").select_option("Finest, takes longer")
    expect(panel.locator(".finish-words")).to_contain_text("up to minutes")
    assert began.wait(HANG_S)
    monkeypatch.setattr(span, "span", lambda *_: Doubling())
    with page.expect_event("requestfailed") as given_up:
        panel.locator("[name=shadow]").fill("60")
    go.set()

    expect(panel).to_have_attribute("aria-busy", "false")
    assert given_up.value.url.endswith("/compose")
    expect(panel.locator(".finish-words")).to_contain_text("px, ")


def test_no_finest_detail(page: Page, service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server without its weights, and a picture that is too large for it, are told in words for people."""
    page.watch.allowed = re.compile("413|503")  # type: ignore[attr-defined]
    panel = opened(page, small_photo(tmp_path))

    def missing(*_: int) -> Any:
        raise ModelUnavailable("method: detail cannot be used: no weights for spanx2_ch48")

    monkeypatch.setattr(span, "span", missing)
    panel.locator("[name=factor]").select_option("2")
    panel.get_by_label("Sharpness").select_option("Finest, takes longer")
    expect(panel.locator(".finish-words")).to_have_text("The finest sharpness is not installed on this server.")
    stage = service._shotgun.second_stage
    monkeypatch.setattr(stage, "_limits", stage._limits.model_copy(update={"detail_px": 1}))
    panel.locator("[name=shadow]").fill("60")
    expect(panel.locator(".finish-words")).to_contain_text("too large for the finest sharpness; Sharper is possible")


def test_sizes_that_do_not_come(page: Page, tmp_path: Path) -> None:
    """A connection that breaks while the sizes are asked for is told; the other choices work."""
    page.watch.allowed = re.compile("net::ERR_")  # type: ignore[attr-defined]
    page.route("**/presets", lambda route: route.abort())
    panel = opened(page, small_photo(tmp_path))

    expect(page.get_by_role("alert")).to_contain_text("The sizes could not be listed.")
    expect(panel).to_have_attribute("aria-busy", "false")


@pytest.mark.parametrize("window", [{}, PHONE], ids=["wide", "phone"])
def test_axe_finds_no_serious_fault(
    open_page: Open, service: Service, axe_script: str, tmp_path: Path, window: dict[str, object]
) -> None:
    """Nor is it wider than a phone."""
    page = open_page(service, **window)
    panel = opened(page, small_photo(tmp_path))
    panel.locator("[name=background]").select_option("colour")
    expect(panel).to_have_attribute("aria-busy", "false")

    assert axe.faults(page, axe_script) == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
