"""A folder of many pictures, made of a few photographs."""

from collections.abc import Iterator, Sequence
from itertools import cycle, islice
from pathlib import Path

COMMENT = b"\xff\xfe"
"""The marker of a JPEG's comment; its length follows in two bytes, which count themselves."""


def filled(folder: Path, sources: Sequence[Path], count: int) -> list[Path]:
    """So many JPEGs in a new folder: copies by turns, each with a comment of its own, so that no two are one file."""
    folder.mkdir(parents=True)
    return [_copy(source, folder / f"{number:05d}-{source.name}") for number, source in _turns(sources, count)]


def spread(pictures: Sequence[Path], count: int, folder: Path) -> list[Path]:
    """Links to so many of them, at equal distances, in a new folder."""
    folder.mkdir(parents=True)
    chosen = [pictures[number * len(pictures) // count] for number in range(count)]
    for picture in chosen:
        (folder / picture.name).symlink_to(picture)
    return chosen


def _turns(sources: Sequence[Path], count: int) -> Iterator[tuple[int, Path]]:
    yield from enumerate(islice(cycle(sources), count))


def _copy(source: Path, file: Path) -> Path:
    data, text = source.read_bytes(), file.name.encode()
    file.write_bytes(data[:2] + COMMENT + (len(text) + 2).to_bytes(2) + text + data[2:])
    return file
