"""A folder of many pictures, made of a few photographs."""

from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path

COMMENT = b"\xff\xfe"
"""The marker of a JPEG's comment; its length follows in two bytes, which count themselves."""


def filled(folder: Path, sources: Sequence[Path], count: int) -> list[Path]:
    """So many JPEGs in a new folder: copies by turns, each with a comment of its own, so that no two are one file."""
    folder.mkdir(parents=True)
    by_turns = islice(cycle(sources), count)
    return [_copy(source, folder / f"{number:05d}-{source.name}") for number, source in enumerate(by_turns)]


def spread(pictures: Sequence[Path], count: int, folder: Path) -> None:
    """Links to so many of them, at equal distances, in a new folder."""
    folder.mkdir(parents=True)
    for number in range(count):
        picture = pictures[number * len(pictures) // count]
        (folder / picture.name).symlink_to(picture)


def _copy(source: Path, file: Path) -> Path:
    data, text = source.read_bytes(), file.name.encode()
    file.write_bytes(data[:2] + COMMENT + (len(text) + 2).to_bytes(2) + text + data[2:])
    return file
