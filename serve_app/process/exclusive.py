"""One service for one SQLite database: two would do each other's jobs, and count only half of the money each."""

from pathlib import Path

from filelock import BaseFileLock, FileLock, Timeout
from sqlalchemy import make_url

from cutout.errors import ConfigurationError


def hold_database(url: str) -> BaseFileLock | None:
    """Keep an SQLite file for this process until it ends, however it ends; None for PostgreSQL, which takes several.

    Raises:
        ConfigurationError: another service has it, or its folder cannot be written.
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
        advice = "end it, or give this one a folder of its own by CUTOUT_DATA_DIR, or a PostgreSQL by DATABASE_URL"
        raise ConfigurationError(f"{file}: another service works with this database; {advice}") from taken
    except OSError as refused:
        advice = "a folder that can be written is expected, by CUTOUT_DATA_DIR"
        raise ConfigurationError(
            f"{file}: the database cannot be kept there: {refused.strerror}; {advice}"
        ) from refused
