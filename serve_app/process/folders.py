"""Folders that are this user's alone.

Ray opens the folders that it makes to everybody, HAProxy's admin socket and the database's file would be for everybody
to read: so what lies in a folder is guarded by the folder, which is there before them.
"""

import os
import stat
import tempfile
from pathlib import Path

from cutout.errors import ConfigurationError

OTHERS = stat.S_IRWXG | stat.S_IRWXO
PRIVATE = 0o700


def own_folder(folder: Path, what: str) -> None:
    """Make a folder that nobody else can enter, or close one that is there.

    One that belongs to another user, such as a mounted volume, keeps its mode; so does one that is there for all, such
    as `/tmp`.

    Args:
        folder: its path.
        what: how a message calls it, such as the variable that names it.

    Raises:
        ConfigurationError: it cannot be made, or nothing can be written into it.
    """
    try:
        folder.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        found = folder.stat()
        if found.st_uid == os.geteuid() and found.st_mode & OTHERS and not found.st_mode & stat.S_ISVTX:
            folder.chmod(PRIVATE)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as wrong:
        reason = wrong.strerror or type(wrong).__name__
        raise ConfigurationError(
            f"{what}: a folder that this user can write is expected, not {folder}: {reason}"
        ) from wrong


def own_scratch(folder: Path, what: str) -> None:
    """As `own_folder`, for one among everybody's: that it is ours is checked, since its name can be guessed.

    Raises:
        ConfigurationError: as above, or it is another user's, or a link.
    """
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid != os.geteuid()):
        raise ConfigurationError(f"{what}: {folder} is another user's. Remove it, or name another place by TMPDIR")
    own_folder(folder, what)
