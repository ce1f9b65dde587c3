"""Names of files as they can be shown."""

import os


def shown(name: str | os.PathLike[str]) -> str:
    """A name on one line: what a terminal cannot print, or would obey, is escaped as Python does it."""
    text = os.fspath(name)
    return "".join(c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode() for c in text)
