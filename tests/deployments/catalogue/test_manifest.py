"""The manifest: what has become of each picture, whatever was interrupted."""

from collections.abc import Awaitable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployments.catalogue.entries import Entry
from deployments.catalogue.manifest import PARTS, WHOLE, Manifest, Row
from deployments.catalogue.places import Folder, Place

pytestmark = pytest.mark.anyio
DONE = Row("/in/a.jpg", "1", "d1", "r", "done", "isnet", 0.9, None, 0.1, 1.5, None, ("a.png", "a.jpg"), 1.0)
FAILED = Row("/in/b.jpg", "1", "", "r", "failed", error="no picture", ended_at=2.0)


class Killed(Folder):
    """A place whose process dies before it deletes anything."""

    async def drop(self, path: str) -> None:
        raise KeyboardInterrupt


def files(folder: Path) -> list[str]:
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*.parquet"))


async def test_rows_are_kept_as_they_are(tmp_path: Path) -> None:
    """What was added is there again, of the last row about each picture; it is one file afterwards."""
    manifest = Manifest(Folder(tmp_path))
    assert await manifest.whole() == {}
    await manifest.add([DONE, FAILED])
    await manifest.add([again := replace(FAILED, status="done", error=None, ended_at=3.0)])

    assert await manifest.whole() == {"/in/a.jpg": DONE, "/in/b.jpg": again}
    assert files(tmp_path) == [WHOLE]
    assert await Manifest(Folder(tmp_path)).whole() == {"/in/a.jpg": DONE, "/in/b.jpg": again}


async def test_merged_parts_lose_nothing(tmp_path: Path) -> None:
    """Several parts become one."""
    manifest = Manifest(Folder(tmp_path))
    parts = [await manifest.add([row]) for row in (DONE, FAILED)]
    merged = await manifest.merge(parts)

    assert files(tmp_path) == [merged]
    assert await manifest.whole() == {DONE.address: DONE, FAILED.address: FAILED}


@pytest.mark.parametrize("merging", [True, False])
async def test_a_kill_between_writing_and_deleting_loses_nothing(tmp_path: Path, merging: bool) -> None:
    """The rows are there twice, and count once."""
    manifest, killed = Manifest(Folder(tmp_path)), Manifest(Killed(tmp_path))
    parts = [await manifest.add([row]) for row in (DONE, FAILED)]
    work: Awaitable[Any] = killed.merge(parts) if merging else killed.whole()
    with pytest.raises(KeyboardInterrupt):
        await work

    assert await manifest.whole() == {DONE.address: DONE, FAILED.address: FAILED}
    assert files(tmp_path) == [WHOLE]


@pytest.mark.parametrize(
    ("row", "entry", "recipe", "stands"),
    [
        (DONE, Entry("/in/a.jpg", "a.jpg", "a", "1"), "r", True),
        (DONE, Entry("/in/a.jpg", "a.jpg", "a", "2"), "r", False),
        (DONE, Entry("/in/a.jpg", "a.jpg", "a", "1"), "another", False),
        (FAILED, Entry("/in/b.jpg", "b.jpg", "b", "1"), "r", False),
    ],
)
async def test_what_is_left_to_do(row: Row, entry: Entry, recipe: str, stands: bool) -> None:
    """A picture is done again when it or what is made of it has changed, or when it failed."""
    assert row.stands_for(entry, recipe) is stands


async def test_a_part_is_hidden(tmp_path: Path) -> None:
    """Parts are no results: a list of the place has the manifest alone."""
    out: Place = Folder(tmp_path)
    await Manifest(out).add([DONE])

    assert [*out.files()] == []
    assert [listed.path.startswith(PARTS) for listed in out.files(PARTS)] == [True]
