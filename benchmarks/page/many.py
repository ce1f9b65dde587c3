"""How long photographs take that are dropped on the page, beside `cutout remove` of the same folder.

`python -m benchmarks.page.many FOLDER` on a quiet machine. All sides use one local network, which is loaded before, and
end with a file for each photograph: the page with the ZIP of them all, after a reload when half of them were done. The
service runs in this process, without Ray, so that all sides have the same processors and nothing else.

The command comes twice: with the network in its own process, which keeps, compares and sends nothing, and with the
same service and the same `auto` that the page asks, which is the page's own part.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from cutout.accounts.spec import AccessSpec, LimitTier
from cutout.models.registry import load_registry
from tests.page import chromium
from tests.page.service import Service

MODEL = "local_u2netp"
CONFIG = Path(__file__).parents[2] / "configs"
ACCESS = AccessSpec(tiers={"default": LimitTier(requests_per_minute=1000)})
PATIENCE_S = 1800
POLL_MS = 250


def main() -> None:
    """Measure the command by itself, then with the service, then the page; print each, and its ratio to the first."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.page.many", description=__doc__)
    parser.add_argument("folder", type=Path, help="JPEG photographs, at most 200, with different names")
    photos = sorted(parser.parse_args().folder.glob("*.jpg"))
    with tempfile.TemporaryDirectory() as folder:
        _by_command(photos[:1], Path(folder) / "first", "-m", MODEL)  # compiles the network, for all
        local_s = _told("cutout remove", lambda: _by_command(photos, Path(folder) / "cutouts", "-m", MODEL))
        with Service(Path(folder), load_registry(CONFIG).models[MODEL], access=ACCESS) as service:
            service.wait_for(ready=1)
            options = ("-m", "auto", "--server", service.url)
            _told("cutout remove --server", lambda: _by_command(photos, Path(folder) / "auto", *options), local_s)
            _told("the page, reloaded halfway", lambda: _by_page(photos, service), local_s)


def _told(name: str, work: Callable[[], float], least_s: float | None = None) -> float:
    """The seconds of a work, printed with the processor seconds that this process and its children took for it."""
    before = _processor_s()
    took_s = work()
    here_s, children_s = (now - then for now, then in zip(_processor_s(), before, strict=True))
    ratio = f", {took_s / least_s:.2f} times as long" if least_s else ""
    print(f"{name}: {took_s:.1f} s{ratio}; processor: {here_s:.1f} s here, {children_s:.1f} s in children", flush=True)
    return took_s


def _processor_s() -> tuple[float, float]:
    """Processor seconds of this process, in which the service is, and of its children that have ended."""
    used = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    here, children = (one.ru_utime + one.ru_stime for one in used)
    return here, children


def _by_command(photos: list[Path], out: Path, *options: str) -> float:
    """The seconds that the command takes, with its start."""
    started_s = time.perf_counter()
    cutout = str(Path(sys.executable).with_name("cutout"))
    command = (cutout, "remove", *map(str, photos), *options, "-o", str(out))
    subprocess.run(command, check=True, capture_output=True, timeout=PATIENCE_S)
    return time.perf_counter() - started_s


def _by_page(photos: list[Path], service: Service) -> float:
    """The seconds from the drop to the last byte of the ZIP."""
    with sync_playwright() as playwright:
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
