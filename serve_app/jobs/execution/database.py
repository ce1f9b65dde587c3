"""The database of durable jobs: while it is unavailable, accepted jobs wait and new jobs are refused.

DBOS retries after a lost connection, with gaps that grow to a minute and a half. It treats a full disk under SQLite,
and a PostgreSQL that refuses connections, as errors, after which a job would stop until the next start; so they are
reported to it as lost connections.
"""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
from sqlalchemy import Engine, event, make_url
from sqlalchemy.engine import ExceptionContext
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection

from cutout.errors import ServiceUnavailable

NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
"""SQLite's errors on a full disk: for its file, the files beside it, and a file that cannot be created."""


def prepared(database_url: str) -> str:
    """The address as DBOS reads it; creates SQLite's file, and reports lost connections in this process to DBOS."""
    event.listen(Engine, "handle_error", _lost)
    url = make_url(database_url)
    if url.get_backend_name() != "sqlite":
        return re.sub(r"^\w+(\+\w+)?://", "postgresql://", database_url)
    file = Path(str(url.database))
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not file.exists():
        file.touch(mode=0o600)
    with closing(sqlite3.connect(file, timeout=30)) as connection:
        connection.execute("PRAGMA journal_mode=WAL")  # readers and the writer do not wait for each other
    return f"sqlite:///{file}"


@contextmanager
def refusing() -> Iterator[None]:
    """Turn errors of a database that cannot be reached or written into ServiceUnavailable; others are raised."""
    try:
        yield
    except (DBAPIError, NoConnection) as trouble:
        if isinstance(trouble, DBAPIError) and not (
            trouble.connection_invalidated or isinstance(trouble, OperationalError)
        ):
            raise
        raise ServiceUnavailable("Jobs cannot be kept for now") from trouble


def _lost(context: ExceptionContext) -> None:
    fault = context.original_exception
    # The low byte is the kind of SQLite's error, the rest its detail; what PostgreSQL itself refuses has a state.
    no_room = getattr(fault, "sqlite_errorcode", 0) & 0xFF in NO_ROOM
    no_server = isinstance(fault, psycopg.OperationalError) and fault.sqlstate is None
    if no_room or no_server:
        context.is_disconnect = True
