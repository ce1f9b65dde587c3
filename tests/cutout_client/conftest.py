"""A service for the tests of one file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cutout_client.running import Running, running


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """Two models that work, of which one costs 0.25 USD, and one that fails."""
    folder: Path = tmp_path_factory.mktemp("service")
    with running(folder) as service:
        yield service
