"""Debian's Chromium, and what every test of the page watches in it."""

import base64
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Route,
    WebError,
    expect,
    sync_playwright,
)

from tests.support.patience import HANG_S

ARGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PROGRAMS = ("chromium-headless-shell", "chromium")
"""The first opens a page at half the cost, since it has no windows of its own."""
NOTHING = re.compile(r"(?!)")
PATIENCE_MS = HANG_S * 1000


def executable() -> str:
    """The browser; without it the tests fail, and say how to get it."""
    found = next(filter(None, map(shutil.which, PROGRAMS)), None)
    assert found, "Chromium expected: `apt-get install chromium-headless-shell`"
    return found


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser with a profile of its own that nobody keeps; meanwhile Playwright's event loop runs in this thread."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=executable(), args=list(ARGS))
        yield opened
        opened.close()


class Watch:
    """Everything that a page asks for and complains about."""

    allowed = NOTHING
    """What a test provokes: Chromium itself complains of each answer of 400 and above."""

    def __init__(self, context: BrowserContext) -> None:
        self._complaints: list[str] = []
        self.hosts: set[str] = set()
        self._context = context
        context.on("console", self._console)
        context.on("weberror", self._fault)
        context.on("request", self._request)

    def end(self) -> None:
        """Watch no longer."""
        self._context.remove_listener("console", self._console)
        self._context.remove_listener("weberror", self._fault)
        self._context.remove_listener("request", self._request)

    @property
    def complaints(self) -> list[str]:
        """Errors and warnings that no test provoked."""
        return [text for text in self._complaints if not self.allowed.search(text)]

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self._complaints.append(message.text)

    def _fault(self, fault: WebError) -> None:
        self._complaints.append(str(fault.error))

    def _request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("blob", "about"):
            self.hosts.add(parts.netloc)


def drop(page: Page, *photos: Path) -> None:
    """Drop files on the page, as a person would from a folder."""
    files = [(photo.name, base64.b64encode(photo.read_bytes()).decode()) for photo in photos]
    data = page.evaluate_handle(
        """(files) => {
            const data = new DataTransfer();
            for (const [name, text] of files) {
                const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
                data.items.add(new File([bytes], name, {type: "image/jpeg"}));
            }
            return data;
        }""",
        files,
    )
    for event in ("dragenter", "dragover", "drop"):
        page.dispatch_event("main", event, {"dataTransfer": data})


@contextmanager
def late(page: Page, path: str) -> Iterator[None]:
    """The page's next request of a path is answered when the block ends; it ends once the page has read the answer."""
    waiting = list[Route]()
    read = list[Request]()

    def hold(route: Route) -> None:
        waiting.append(route)

    def end(request: Request) -> None:
        read.append(request)

    page.on("requestfinished", end)
    page.on("requestfailed", end)
    page.route(path, hold, times=1)
    yield
    [route] = waiting
    route.continue_()
    until = time.monotonic() + HANG_S
    while route.request not in read:
        assert time.monotonic() < until, f"{route.request.url} has no end"
        page.wait_for_timeout(20)
    page.evaluate("() => new Promise((resolve) => requestAnimationFrame(resolve))")
