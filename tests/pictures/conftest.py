"""Every file of the tables, shown by one Chromium."""

import pytest

from tests.pictures.chromium import Shown, rendered
from tests.pictures.tables import FILES


@pytest.fixture(scope="session")
def shown() -> dict[str, Shown]:
    """What Chromium shows of each file."""
    return rendered(FILES)
