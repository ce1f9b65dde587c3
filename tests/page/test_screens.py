"""The page with the models that come with the service; with CUTOUT_SCREENSHOTS=1 its pictures go into docs/."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from cutout.models.registry import load_registry
from serve_app.endpoints.page import STATIC
from tests.page.bench import card, drop_and_wait
from tests.page.conftest import Open, Serve
from tests.page.service import Service

ROOT = Path(__file__).parents[2]
SHOWN = ("local_isnet", "local_u2netp", "kie_recraft", "runware_birefnet_portrait", "runware_rmbg2")
"""All but local_birefnet, whose weights are a gigabyte."""
WALL, FACE, SUIT = (40, 330), (120, 225), (400, 150)
"""Row and column of the photograph, in pixels: behind the astronaut, and on her."""


@pytest.fixture
def real(serve: Serve) -> Service:
    """The models of configs/, without anybody's key."""
    models = load_registry(ROOT / "configs").models
    service = serve(*(models[name] for name in SHOWN))
    service.wait_for(ready=2)
    return service


def shot(page: Page, name: str, folder: Path) -> None:
    """A picture of the window as it stands, in 256 colours: a clone of the repository takes it along."""
    file = (ROOT / "docs" if os.environ.get("CUTOUT_SCREENSHOTS") == "1" else folder) / name
    page.mouse.move(1, 1)
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0)")
    page.screenshot(path=file, animations="disabled")
    with Image.open(file) as picture:
        few = picture.convert("RGB").quantize()
    few.save(file, optimize=True)


def test_real_cutouts_at_a_desk(open_page: Open, real: Service, tmp_path: Path) -> None:
    """Both local models cut the astronaut out: the wall is clear, face and suit are opaque."""
    page = open_page(real, viewport={"width": 1440, "height": 900}, device_scale_factor=1.5)
    drop_and_wait(page, STATIC / "sample.avif")
    for name in ("Local ISNet", "Local U2Netp"):
        with page.expect_download() as waiting:
            card(page, name).get_by_role("link", name="Download").click()
        waiting.value.save_as(tmp_path / "cutout.png")
        with Image.open(tmp_path / "cutout.png") as picture:
            alpha = np.asarray(picture)[..., 3]
        assert alpha[WALL] < 30
        assert min(alpha[FACE], alpha[SUIT]) > 225

    page.get_by_label("Original").fill("38")
    card(page, "Local ISNet").get_by_role("button", name="Pick").click()
    expect(page.locator("#pick")).to_contain_text("Your pick: Local ISNet")
    shot(page, "page.png", tmp_path)


def test_real_cutouts_on_a_phone(open_page: Open, real: Service, tmp_path: Path) -> None:
    """The same on a phone in the dark; a provider without a key is not set up."""
    window = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    page = open_page(real, color_scheme="dark", device_scale_factor=2, **window)
    drop_and_wait(page, STATIC / "sample.avif")

    expect(page.locator("#skipped")).to_contain_text("Kie.ai Recraft BG Not set up")
    page.get_by_role("radio", name="White").check()
    page.get_by_role("button", name="Pick Local ISNet").tap()
    shot(page, "page-phone.png", tmp_path)
