"""How long photographs take that are dropped on the page, beside `cutout remove` of the same folder.

`python -m benchmarks.many FOLDER` on a quiet machine. Both sides use one local network, which is loaded before, and end
with a file for each photograph: the page with the ZIP of them all, after a reload when half of them were done. The
service runs in this process, without Ray, so that both sides have the same processors and nothing else.
"""

import argparse
import subprocess
import sys
import tempfile
import time
import zipfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from cutout.accounts.spec import AccessSpec
from cutout.models.registry import load_registry
from tests.page import chromium
from tests.page.service import Service

MODEL = "local_u2netp"
CONFIG = Path(__file__).parents[1] / "configs"
PATIENCE_S = 1800
POLL_MS = 250


def main() -> None:
    """Measure the command, then the page, and print both and their ratio."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.many", description=__doc__)
    parser.add_argument("folder", type=Path, help="JPEG photographs, at most 200, with different names")
    photos = sorted(parser.parse_args().folder.glob("*.jpg"))
    with tempfile.TemporaryDirectory() as folder:
        _by_command(photos[:1], Path(folder) / "first")  # compiles the network, for both
        command_s = _by_command(photos, Path(folder) / "cutouts")
        print(f"cutout remove: {len(photos)} photographs in {command_s:.1f} s", flush=True)
        page_s = _by_page(photos, Path(folder) / "page")
    print(f"the page, reloaded halfway: {page_s:.1f} s, {page_s / command_s:.2f} times as long")


def _by_command(photos: list[Path], out: Path) -> float:
    """The seconds that the command takes, with its start."""
    started_s = time.perf_counter()
    cutout = str(Path(sys.executable).with_name("cutout"))
    command = (cutout, "remove", *map(str, photos), "-m", MODEL, "-o", str(out))
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)
    return time.perf_counter() - started_s


def _by_page(photos: list[Path], folder: Path) -> float:
    """The seconds from the drop to the last byte of the ZIP."""
    folder.mkdir()
    spec = load_registry(CONFIG).models[MODEL]
    with Service(folder, spec, access=AccessSpec()) as service, sync_playwright() as playwright:
        service.wait_for(ready=1)
        browser = playwright.chromium.launch(executable_path=chromium.executable(), args=list(chromium.ARGS))
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(PATIENCE_S * 1000)
        expect.set_options(timeout=PATIENCE_S * 1000)
        page.goto(service.url)
        expect(page.locator("#roster li")).not_to_have_count(0)
        started_s = time.perf_counter()
        page.locator("#file").set_input_files(photos)
        _wait_for(page, len(photos) // 2)
        page.reload()
        _wait_for(page, len(photos))
        with page.expect_download() as waiting:
            page.locator("#many-zip").click()
        archive = waiting.value.path()
        took_s = time.perf_counter() - started_s
        with zipfile.ZipFile(archive) as packed:
            assert sorted(packed.namelist()) == sorted(f"{photo.stem}.png" for photo in photos)
        browser.close()
    return took_s


def _wait_for(page: Page, done: int) -> None:
    while page.locator(".tile[data-state=done]").count() < done:
        page.wait_for_timeout(POLL_MS)


if __name__ == "__main__":
    main()
