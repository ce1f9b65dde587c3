"""Connections to SQLite or PostgreSQL, migrations, and the translation of database errors."""

import asyncio
import logging
import re
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from functools import partial
from pathlib import Path
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as NoConnection
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from cutout.errors import ConfigurationError, ServiceUnavailable

logger = logging.getLogger(__name__)
EXPECTED = "DATABASE_URL: sqlite:///path/of/a/file or postgresql://user:password@host/name expected"
CONNECT_S = 10.0
COMMAND_S = 60.0
BUSY_S = 10.0
"""Seconds that SQLite waits for another process that writes."""
AWAY = ("08", "25006", "53", "55000", "57", "58")
"""Prefixes of PostgreSQL's error codes: no connection, no resources, read-only, shutting down."""


class Database:
    """One database, for several readers and as many concurrent writers as it supports.

    SQLite runs in WAL mode with `synchronous=NORMAL`: a commit survives a crash of the process, and a power failure
    cannot damage the file, but may undo the last commits (sqlite.org/pragma.html#pragma_synchronous).
    """

    def __init__(self, url: str) -> None:
        """Raises ConfigurationError for an unsupported URL; does not connect yet."""
        self._url = url
        self._engine = open_engine(url)
        self.dialect = self._engine.dialect.name
        # SQLite has one writer at a time. Waiting here is fair; SQLite itself would poll.
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Lock() if self.dialect == "sqlite" else nullcontext()

    async def migrate(self) -> None:
        """Migrate the tables to the current version, in a thread.

        Raises:
            ConfigurationError: the tables are of a later version of this service.
            ServiceUnavailable: the database cannot be reached.
        """
        async with _translated():
            await asyncio.to_thread(upgrade, self._url)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection for reading; raises ServiceUnavailable when the database cannot be reached."""
        async with _translated(), self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed at its end; raises ServiceUnavailable when the database cannot be reached."""
        async with _translated(), self._turn, self._engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()


def open_engine(url: str) -> AsyncEngine:
    """The engine for a database URL; raises ConfigurationError for an unsupported one."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(EXPECTED) from None  # its text may contain a password
    kind = parsed.get_backend_name()
    if kind == "sqlite" and parsed.database not in (None, "", ":memory:"):
        return _sqlite(Path(str(parsed.database)))
    if kind in ("postgres", "postgresql"):
        return _postgresql(re.sub(r"^\w+(\+\w+)?://", "postgresql://", url))
    raise ConfigurationError(EXPECTED)


def _sqlite(file: Path) -> AsyncEngine:
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not file.exists():
            file.touch(mode=0o600)  # the files that SQLite creates beside it get the same mode
    except OSError as refused:
        raise ConfigurationError(f"{file}: no database can be made there: {refused.strerror}. {EXPECTED}") from refused
    engine = create_async_engine(URL.create("sqlite+aiosqlite", database=str(file)), connect_args={"timeout": BUSY_S})
    event.listen(engine.sync_engine, "connect", _pragmas)
    return engine


def _pragmas(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _postgresql(url: str) -> AsyncEngine:
    # asyncpg reads the whole URL, including libpq's options such as sslmode; SQLAlchemy would not.
    connect = partial(asyncpg.connect, url, timeout=CONNECT_S, command_timeout=COMMAND_S)
    return create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True)


def upgrade(url: str) -> None:
    """Migrate the tables to the current version; raises ConfigurationError when they are of a later one."""
    config = Config(attributes={"database_url": url})
    config.set_main_option("script_location", "deployments.records:migrations")
    try:
        command.upgrade(config, "head")
    except CommandError as unknown:
        message = "its tables are of a later version of this service; start that one, or set DATABASE_URL to another"
        raise ConfigurationError(f"{place_of(url)}: {message}") from unknown


def place_of(url: str) -> str:
    """The file of a database, or its server and name, without credentials."""
    parsed = make_url(url)
    return str(parsed.database) if parsed.get_backend_name() == "sqlite" else f"{parsed.host}/{parsed.database}"


def is_damaged(fault: BaseException) -> bool:
    """Whether SQLite reports that its file is not a database, or is damaged."""
    code = getattr(getattr(fault, "orig", fault), "sqlite_errorcode", 0) & 0xFF  # the low byte is the primary code
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _is_away(trouble: DBAPIError) -> bool:
    """Whether the database failed, and not the statement."""
    state = getattr(trouble.orig, "sqlstate", None) or ""
    broken = trouble.connection_invalidated or isinstance(trouble, OperationalError)
    return broken or is_damaged(trouble) or state.startswith(AWAY)


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """Translate errors of an unavailable database to ServiceUnavailable; others are raised as they are."""
    try:
        yield
    except (DBAPIError, NoConnection, asyncpg.PostgresError, OSError) as trouble:
        if isinstance(trouble, DBAPIError) and not _is_away(trouble):
            raise
        logger.exception("The database could not be reached")
        raise ServiceUnavailable("The database of jobs and picks cannot be reached for now") from trouble
