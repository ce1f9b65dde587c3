"""A ledger on each kind of database."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from deployments.ledger import DatabaseLedger
from tests.support.databases import created


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
