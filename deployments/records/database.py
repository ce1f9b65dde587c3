"""Connections to SQLite or PostgreSQL: opened, migrated, and their faults translated into ours."""

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
"""How long SQLite waits for another process that writes."""
AWAY = ("08", "25006", "53", "55000", "57", "58")
"""What PostgreSQL's code begins with when it takes no connection, has no room, only reads, or is about to end."""


class Database:
    """One database, with room for several readers and as many writers as it takes at once.

    SQLite runs in WAL mode with `synchronous=NORMAL`: a commit survives the death of the process, and a power cut
    cannot damage the file, but may take the last commits with it (sqlite.org/pragma.html#pragma_synchronous).
    """

    def __init__(self, url: str) -> None:
        """Raises ConfigurationError for an address that is of neither kind; connects to nothing yet."""
        self._url = url
        self._engine = open_engine(url)
        self.dialect = self._engine.dialect.name
        # SQLite has one writer at a time: waiting here is fair, where its own way is to ask again and again.
        self._turn: AbstractAsyncContextManager[Any] = asyncio.Lock() if self.dialect == "sqlite" else nullcontext()

    async def migrate(self) -> None:
        """Bring the tables up to date, in a thread of its own.

        Raises:
            ConfigurationError: they are of a later version of this service.
            ServiceUnavailable: the database cannot be reached.
        """
        async with _translated():
            await asyncio.to_thread(upgrade, self._url)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read by; raises ServiceUnavailable when the database cannot be reached."""
        async with _translated(), self._engine.connect() as connection:
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction, committed at the end; raises ServiceUnavailable when the database cannot be reached."""
        async with _translated(), self._turn, self._engine.begin() as connection:
            yield connection

    async def close(self) -> None:
        """Let go of every connection."""
        await self._engine.dispose()


def open_engine(url: str) -> AsyncEngine:
    """The engine for an address; raises ConfigurationError for one of neither kind."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ConfigurationError(EXPECTED) from None  # its text might hold a password
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
            file.touch(mode=0o600)  # the files that SQLite makes beside it have the mode of this one
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
    # asyncpg reads the whole address, libpq's own options such as sslmode included; SQLAlchemy would not.
    connect = partial(asyncpg.connect, url, timeout=CONNECT_S, command_timeout=COMMAND_S)
    return create_async_engine("postgresql+asyncpg://", async_creator=connect, pool_pre_ping=True)


def upgrade(url: str) -> None:
    """Bring the tables up to date; raises ConfigurationError when they are of a later version."""
    config = Config(attributes={"database_url": url})
    config.set_main_option("script_location", "deployments.records:migrations")
    try:
        command.upgrade(config, "head")
    except CommandError as unknown:
        message = "its tables are of a later version of this service; start that one, or set DATABASE_URL to another"
        raise ConfigurationError(f"{place_of(url)}: {message}") from unknown


def place_of(url: str) -> str:
    """The file of a database, or its server and name; never who may use it."""
    parsed = make_url(url)
    return str(parsed.database) if parsed.get_backend_name() == "sqlite" else f"{parsed.host}/{parsed.database}"


def is_damaged(fault: BaseException) -> bool:
    """Whether SQLite says that its file is none, or is broken."""
    code = getattr(getattr(fault, "orig", fault), "sqlite_errorcode", 0) & 0xFF  # the low byte is the kind
    return code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB)


def _is_away(trouble: DBAPIError) -> bool:
    """Whether the database is to blame, and not what was asked of it."""
    state = getattr(trouble.orig, "sqlstate", None) or ""
    broken = trouble.connection_invalidated or isinstance(trouble, OperationalError)
    return broken or is_damaged(trouble) or state.startswith(AWAY)


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    """A database that cannot be used, or not now, is ServiceUnavailable; any other fault is ours, and stays."""
    try:
        yield
    except (DBAPIError, NoConnection, asyncpg.PostgresError, OSError) as trouble:
        if isinstance(trouble, DBAPIError) and not _is_away(trouble):
            raise
        logger.exception("The database could not be reached")
        raise ServiceUnavailable("The database of jobs and picks cannot be reached for now") from trouble
