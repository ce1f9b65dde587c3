"""README.md beside this file names tests that there are, and every file that is here."""

import re
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", (HERE / "README.md").read_text())))


@pytest.mark.parametrize(("file", "test"), NAMED)
def test_a_name_is_there(file: str, test: str) -> None:
    """A file that was moved or a test that was renamed is found out here."""
    assert re.search(rf"^(async )?def {test or 'test_'}", (ROOT / file).read_text(), re.MULTILINE)


def test_every_file_is_named() -> None:
    """A row that is tested here is in the index."""
    here = {f"tests/attacks/{file.name}" for file in HERE.glob("test_*.py")} - {"tests/attacks/test_index.py"}

    assert here - {file for file, _ in NAMED} == set()


def test_a_row_has_a_test_or_a_reason() -> None:
    """Each line of the tables names a test, or says why there is none."""
    lines = [line for line in (HERE / "README.md").read_text().splitlines() if line.startswith("| ")]
    rows = [line for line in lines if not line.startswith("| Row |")]

    assert [row for row in rows if "`tests/" not in row and "not here, because" not in row] == []
