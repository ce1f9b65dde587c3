"""Names of a batch's pictures: what a caller called them, made safe as paths in an archive."""

import re
from typing import Final
from urllib.parse import unquote, urlsplit

NAME_CHARS: Final = 200
"""Longest name that is used as it is; of a longer one, the end."""
_UNSAFE: Final = re.compile(r'[\x00-\x1f\x7f<>:"|?*]')
"""Not allowed in names of files, on Windows at least."""


def item_name(path: str, number: int) -> str:
    """A relative path without `..`, by that of a file; `picture-<number>` where nothing of it can be used."""
    parts = (_UNSAFE.sub("_", part).strip(" ") for part in re.split(r"[\\/]+", path))
    safe = [part for part in parts if part.strip(".")]
    return "/".join(safe)[-NAME_CHARS:].lstrip("/") or f"picture-{number}"


def address_name(url: str, number: int) -> str:
    """The last part of an address's path, as a name."""
    try:
        path = urlsplit(url).path
    except ValueError:  # no address: its item says so
        path = ""
    return item_name(unquote(path.rpartition("/")[2]), number)
