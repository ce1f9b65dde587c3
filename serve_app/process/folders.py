"""Folders that only this user can enter.

Ray creates its folders readable by everybody, and HAProxy's admin socket and the database are created in folders too.
Each of these folders is therefore created here first, with access for this user alone.
"""

import os
import stat
import tempfile
from pathlib import Path

from cutout.errors import ConfigurationError

OTHERS = stat.S_IRWXG | stat.S_IRWXO
PRIVATE = 0o700


def own_folder(folder: Path, what: str) -> None:
    """Create a folder that nobody else can enter, or restrict an existing one.

    A folder that belongs to another user, such as a mounted volume, keeps its mode; so does one with the sticky bit,
    such as `/tmp`.

    Args:
        folder: its path.
        what: its name in messages, such as the variable that sets it.

    Raises:
        ConfigurationError: it cannot be created or written to.
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
            f"{what}: a folder that this user can write to expected, not {folder}: {reason}"
        ) from wrong


def own_scratch(folder: Path, what: str) -> None:
    """As `own_folder`, for a folder in a place shared by all users, where others can guess its name.

    Raises:
        ConfigurationError: as above, or it belongs to another user, or is a symbolic link.
    """
    if folder.is_symlink() or (folder.exists() and folder.stat().st_uid != os.geteuid()):
        raise ConfigurationError(
            f"{what}: {folder} belongs to another user. Remove it, or set TMPDIR to another folder"
        )
    own_folder(folder, what)
