"""How soon the page shows a stroke of its brush on 12 megapixels: `python -m benchmarks.page.brush`.

Chromium has no GPU here: it draws on the processor. Printed for each tool: the time from a pointer's event to the end
of the frame that shows it, and the processor time of the page's main thread for each event.
"""

import statistics
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import CDPSession, Page, expect, sync_playwright

from tests.page import chromium
from tests.page.bench import COFFEE, drop_and_wait
from tests.page.service import Service
from tests.support.in_process import model

SIZE = (4000, 3000)
EVENTS = 60
FRAME_MS = 16
PATIENCE_MS = 120_000
WATCH = """() => {
    window.late = [];
    document.querySelector(".mend-stage").addEventListener("pointermove", ({buttons, timeStamp}) => {
        if (!buttons) return;
        requestAnimationFrame(() => { // after the page's own of this frame; the message comes when it is drawn
            const {port1, port2} = new MessageChannel();
            port1.onmessage = () => late.push(performance.now() - timeStamp);
            port2.postMessage(null);
        });
    });
}"""


def main() -> None:
    """Paint with each tool, and print what it took."""
    with tempfile.TemporaryDirectory() as folder, Service(Path(folder), model("one"), model("other")) as service:
        photo = Path(folder) / "large.jpg"
        with Image.open(COFFEE) as picture:
            picture.resize(SIZE).save(photo)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium.executable(), args=list(chromium.ARGS))
            page = browser.new_page(viewport={"width": 1440, "height": 900})
            page.set_default_timeout(PATIENCE_MS)
            expect.set_options(timeout=PATIENCE_MS)
            page.goto(service.url)
            drop_and_wait(page, photo)
            _measure(page)
            browser.close()


def _measure(page: Page) -> None:
    for key in ("1", "m"):
        page.keyboard.press(key)
    expect(page.locator(".mend-words")).to_contain_text("Paint over")
    page.evaluate(WATCH)
    devtools = page.context.new_cdp_session(page)
    devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    for key, name in (("k", "keep"), ("e", "erase"), ("t", "take")):
        page.keyboard.press(key)
        expect(page.locator(".mend-words")).to_contain_text("Paint over")
        before_s = _busy_s(devtools)
        late_ms = _stroke(page)
        cpu_ms = (_busy_s(devtools) - before_s) * 1000 / len(late_ms)
        shown = f"median {statistics.median(late_ms):.0f} ms, 95 % within {late_ms[int(0.95 * len(late_ms))]:.0f} ms"
        print(f"{name}: shown after {shown}; {cpu_ms:.1f} ms of processor time an event")


def _busy_s(devtools: CDPSession) -> float:
    metrics = devtools.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in metrics if one["name"] == "TaskDuration")


def _stroke(page: Page) -> list[float]:
    """Draw one across the picture, an event a frame; the times of all events, sorted, in milliseconds."""
    box = page.locator(".mend-stage").bounding_box()
    assert box
    page.evaluate("late.length = 0")
    page.mouse.move(box["x"] + box["width"] * 0.2, box["y"] + box["height"] * 0.3)
    page.mouse.down()
    for n in range(EVENTS):
        part = 0.2 + 0.6 * n / EVENTS
        page.mouse.move(box["x"] + box["width"] * part, box["y"] + box["height"] * part)
        page.wait_for_timeout(FRAME_MS)
    page.mouse.up()
    page.wait_for_function(f"late.length >= {EVENTS}")
    return sorted(page.evaluate("late"))


if __name__ == "__main__":
    main()
