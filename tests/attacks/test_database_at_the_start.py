"""A database that the service cannot work with, found before Ray starts: one sentence, an exit code, no traceback."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from filelock import FileLock

from cutout.defaults import serve_config
from deployments.records.checking import check_database
from serve_app.process.service import main
from serve_app.settings import free_port
from tests.support.patience import HANG_S


def garbage(file: Path) -> None:
    """No database at all."""
    file.write_bytes(b"no database, but some bytes. " * 400)


def cut_off(file: Path) -> None:
    """A copy that broke off."""
    check_database(f"sqlite:///{file}")
    file.write_bytes(file.read_bytes()[:5000])


def overwritten(file: Path) -> None:
    """Pages in the middle that make no sense; the head is good."""
    check_database(f"sqlite:///{file}")
    pages = bytearray(file.read_bytes())
    pages[3 * 4096 : 6 * 4096] = b"\xaa" * (3 * 4096)
    file.write_bytes(pages)


def newer(file: Path) -> None:
    """Of a later version of the service."""
    check_database(f"sqlite:///{file}")
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '999'")


def folder(file: Path) -> None:
    """A folder where the file should be."""
    file.mkdir()


Spoil = Callable[[Path], None]
SPOILT: dict[Spoil, str] = {
    garbage: "this file is no SQLite database, or is damaged; put a copy of it there, or move it away",
    cut_off: "this file is no SQLite database, or is damaged",
    overwritten: "this file is no SQLite database, or is damaged",
    newer: "its tables are of a later version of this service; start that one, or set DATABASE_URL",
    folder: "this database cannot be used",
}


Start = Callable[..., str]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Start:
    """The one sentence with which the service's process refuses to start, before Ray is imported."""

    def sentence(**variables: str) -> str:
        for name, value in {"CUTOUT_DATA_DIR": str(tmp_path), "PORT": str(free_port()), **variables}.items():
            monkeypatch.setenv(name, value)
        assert main(serve_config()) == 2
        told = capsys.readouterr().err
        assert len(told.splitlines()) == 1
        return told

    return sentence


@pytest.mark.parametrize("spoil", SPOILT, ids=lambda spoil: spoil.__name__)
def test_a_database_that_cannot_be_used_ends_the_start(tmp_path: Path, spoil: Spoil, refused: Start) -> None:
    """The sentence names the file and what to do; 1.0.0 said "is ready", and counted nothing."""
    file = tmp_path / "ledger.sqlite"
    spoil(file)

    told = refused()

    print(f"\n{spoil.__name__}: {told.strip()}")
    assert told.startswith(f"{file}: {SPOILT[spoil]}")


def test_a_server_that_is_not_there_ends_the_start(refused: Start) -> None:
    """A PostgreSQL that nobody reaches is named, without the user and the password of its address."""
    told = refused(DATABASE_URL="postgresql://somebody:hush@127.0.0.1:1/cutout")

    assert told.startswith("127.0.0.1/cutout: this database cannot be used: ")
    assert "hush" not in told


def test_a_second_service_on_one_folder_is_refused(tmp_path: Path, refused: Start) -> None:
    """Two services would do each other's jobs: the second one says who has the database, and what to do."""
    file = tmp_path / "ledger.sqlite"
    with FileLock(f"{file}.lock"):
        told = refused()

    assert told.startswith(f"{file}: another service is using this database; stop it, or set CUTOUT_DATA_DIR")


def test_a_refused_start_ends_the_command(tmp_path: Path) -> None:
    """`python -m serve_app` ends with the sentence and the code of the service's process."""
    garbage(tmp_path / "ledger.sqlite")
    environment = {**os.environ, "CUTOUT_DATA_DIR": str(tmp_path), "PORT": str(free_port())}
    command = [sys.executable, "-m", "serve_app"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=HANG_S, check=False)

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"{tmp_path / 'ledger.sqlite'}: {SPOILT[garbage]}")
    assert len(ended.stderr.splitlines()) == 1
