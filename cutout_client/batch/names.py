"""File names in messages."""

import os


def shown(name: str | os.PathLike[str]) -> str:
    """A name for a terminal: control and unprintable characters are escaped as in Python."""
    text = os.fspath(name)
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
