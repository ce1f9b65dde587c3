"""A person at the page: what they do is counted, and timed from the first thing to the file."""

import time
from dataclasses import dataclass, field
from pathlib import Path

from playwright.sync_api import Locator, Page

from tests.page import chromium


@dataclass
class Hand:
    """Does one task on a page; a choice from a list is two clicks, files dropped together are one drag."""

    page: Page
    folder: Path
    """Takes what is downloaded."""
    clicks: int = 0
    keys: int = 0
    drags: int = 0
    took_s: float = 0.0
    """From the beginning to the last file."""
    _began_s: float = field(default_factory=time.perf_counter)

    def drop(self, *photos: Path) -> None:
        """Drag files from a folder to the page."""
        self.drags += 1
        chromium.drop(self.page, *photos)

    def click(self, name: str) -> None:
        """Click on a button, by its name, or a link, by a part of that."""
        self.clicks += 1
        self._named(name).click()

    def choose(self, name: str, option: str) -> None:
        """Choose from the list of a name, by a part of the option's text."""
        self.clicks += 2
        options = self.page.locator(f"select[name={name}]:visible")
        texts = options.locator("option").all_inner_texts()
        options.select_option(next(text for text in texts if option in text))

    def press(self, key: str) -> None:
        """Press a key."""
        self.keys += 1
        self.page.keyboard.press(key)

    def stroke(self, stage: Locator, *points: tuple[float, float]) -> None:
        """Draw through points, in parts of a stage."""
        self.drags += 1
        box = stage.bounding_box()
        assert box
        for number, (x, y) in enumerate(points):
            self.page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=8)
            if not number:
                self.page.mouse.down()
        self.page.mouse.up()

    def take(self, button: str | None = None) -> Path:
        """The file that a button gives, or else the Enter key."""
        with self.page.expect_download() as waiting:
            if button:
                self.click(button)
            else:
                self.press("Enter")
        file = self.folder / waiting.value.suggested_filename
        waiting.value.save_as(file)
        self.took_s = time.perf_counter() - self._began_s
        return file

    def _named(self, name: str) -> Locator:
        either = self.page.get_by_role("button", name=name, exact=True).or_(self.page.get_by_role("link", name=name))
        return either.and_(self.page.locator(":visible")).first
