"""One service per SQLite database: two would run each other's jobs, and each would enforce budgets on its own count."""

from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout
from sqlalchemy import make_url

from cutout.errors import ConfigurationError


def lock_database(url: str) -> BaseFileLock | None:
    """Lock an SQLite file until this process ends, however it ends.

    Returns:
        The lock; None for PostgreSQL, which several services may share.

    Raises:
        ConfigurationError: another service holds the lock, or the folder is not writable.
    """
    parsed = make_url(url)
    if parsed.get_backend_name() != "sqlite":
        return None
    file = Path(str(parsed.database))
    lock = FileLock(file.with_name(f"{file.name}.lock"))
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return lock.acquire(timeout=0).lock
    except Timeout as taken:
        advice = "stop it, or set CUTOUT_DATA_DIR to another folder or DATABASE_URL to a PostgreSQL database"
        raise ConfigurationError(f"{file}: another service is using this database; {advice}") from taken
    except OSError as refused:
        raise ConfigurationError(
            f"{file}: the database cannot be stored there: {refused.strerror}; set CUTOUT_DATA_DIR to a writable folder"
        ) from refused
