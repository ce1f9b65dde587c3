"""Issue 12, host: what lies on the disk is its user's alone, and a folder that is not to be had is one sentence."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cutout.defaults import serve_config
from cutout.errors import ConfigurationError
from deployments.ledger import DatabaseLedger
from serve_app.jobs.execution.database import prepared
from serve_app.process import service, stop
from serve_app.process.child_processes import Run
from serve_app.process.folders import own_folder, own_scratch
from serve_app.settings import RUN_ID, ray_environment, ray_folder
from serve_app.storage.pictures import PictureStore
from serve_app.storage.signing import load_secret
from tests.support.durable_jobs import picture
from tests.support.patience import HANG_S

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parent.parent.parent
JOB = "0b9e2c7e-3f4d-4c55-9c0a-0123456789ab"


def others(place: Path) -> int:
    """The bits of a mode that are not the owner's."""
    return place.stat().st_mode & 0o077


def reachable(folder: Path) -> list[str]:
    """What another user of the machine can come to, from `folder` on."""
    if not others(folder):
        return []
    inside = [found for entry in folder.iterdir() if entry.is_dir() for found in reachable(entry)]
    return inside + [entry.name for entry in folder.iterdir() if entry.is_file() and others(entry)]


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """A folder that everybody may enter, as those of most services are."""
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
async def test_nothing_is_for_others_to_read(open_folder: Path, mask: int) -> None:
    """Ledger, jobs, pictures and the secret of addresses: whatever the umask, nobody else reads a byte of them."""
    before = os.umask(mask)
    try:
        url = f"sqlite:///{open_folder / 'jobs' / 'ledger.sqlite'}"
        ledger = DatabaseLedger(url, lease_s=60)
        await ledger.start()
        prepared(url)
        prepared(f"sqlite:///{open_folder / 'lone.sqlite'}")
        load_secret(open_folder / "secret")
        await PictureStore.at(str(open_folder / "pictures")).put(JOB, "input", picture())
        found = reachable(open_folder)
        await ledger.close()
    finally:
        os.umask(before)

    print(f"umask {mask:03o}: {len(found)} files that others can read: {found}")
    assert found == []


def test_what_sqlite_makes_beside_a_file_is_as_closed(open_folder: Path) -> None:
    """The write-ahead log has the same rows in it: its mode is that of the database."""
    file = open_folder / "ledger.sqlite"
    prepared(f"sqlite:///{file}")
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE t (x)")
        modes = {entry.name: oct(others(entry)) for entry in open_folder.iterdir()}

    assert len(modes) > 1
    assert set(modes.values()) == {"0o0"}


def test_a_folder_of_1_0_0_is_closed(tmp_path: Path) -> None:
    """A data folder that is there for all to read is closed at the start; one with a sticky bit is left as it is."""
    tmp_path.chmod(0o755)
    own_folder(tmp_path, "CUTOUT_DATA_DIR")
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    own_folder(shared, "CUTOUT_DATA_DIR")

    assert others(tmp_path) == 0
    assert shared.stat().st_mode & 0o7777 == 0o1777


def planted_link(place: Path) -> None:
    """A link where our folder would be."""
    place.symlink_to(place.parent)


def planted_file(place: Path) -> None:
    """A file there."""
    place.write_text("127.0.0.1:6379")


@pytest.mark.parametrize("plant", [planted_link, planted_file])
def test_a_scratch_folder_that_somebody_planted(tmp_path: Path, plant: Callable[[Path], None]) -> None:
    """In a folder of all users, what is there under our name and is no folder of ours is refused, by its name."""
    place = tmp_path / "cutout-ray"
    plant(place)

    with pytest.raises(ConfigurationError) as refused:
        own_scratch(place, "Ray's folder")

    assert str(place) in refused.value.message


@pytest.mark.skipif(os.geteuid() != 0, reason="a folder of another user is made by root")
def test_a_scratch_folder_of_another_user(tmp_path: Path) -> None:
    """It could be read, and its sockets replaced, by whoever owns it."""
    place = tmp_path / "cutout-ray"
    place.mkdir()
    os.chown(place, 10001, 10001)

    with pytest.raises(ConfigurationError, match="another user"):
        own_scratch(place, "Ray's folder")


def test_rays_folder_is_this_users() -> None:
    """Ray keeps its sessions apart from /tmp/ray, where any user's `ray_current_cluster` would be believed."""
    assert ray_environment("0" * 32)["RAY_TMPDIR"] == str(ray_folder())
    assert str(os.geteuid()) in ray_folder().name


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """A command of the service; nothing of these tests gets as far as Ray."""
    return subprocess.run(
        [sys.executable, "-m", "serve_app", *command],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=HANG_S,
        check=False,
    )


def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """A start without a place to write is one sentence with the variable's name; it was a traceback."""
    (tmp_path / "file").write_text("")

    ended = run(CUTOUT_DATA_DIR=str(tmp_path / "file" / "data"))

    print(ended.stderr)
    assert ended.returncode == 2
    assert ended.stderr.startswith("CUTOUT_DATA_DIR: ")
    assert len(ended.stderr.splitlines()) == 1


def test_a_key_file_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A start with a key file that is not there is one sentence with its name, at once; it was silence."""
    missing = tmp_path / "keys"
    for name, value in {"CUTOUT_DATA_DIR": str(tmp_path / "data"), "CUTOUT_API_KEYS_FILE": str(missing)}.items():
        monkeypatch.setenv(name, value)

    code, told = service.main(serve_config()), capsys.readouterr().err

    print(told)
    assert code == 2
    assert told.startswith(f"{missing}: cannot be read")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize("whose", ["the dead parent's", "a stranger's"])
def test_stop_after_the_parents_death(tmp_path: Path, whose: str) -> None:
    """Processes of a run whose first one died are ended all the same; a process that has its number by now is not."""
    run_id = "f" * 32
    left = subprocess.Popen(["sleep", "600"], env={**os.environ, RUN_ID: run_id})
    stranger = subprocess.Popen(["sleep", "600"])
    dead = subprocess.Popen(["true"])
    dead.wait()
    try:
        Run(dead.pid if whose == "the dead parent's" else stranger.pid, run_id).write(tmp_path / "run-47114.json")
        ended = run("stop", CUTOUT_DATA_DIR=str(tmp_path), PORT="47114")

        assert (ended.returncode, ended.stderr) == (0, "")
        assert left.wait(timeout=HANG_S) != 0
        assert stranger.poll() is None
        assert not (tmp_path / "run-47114.json").exists()
    finally:
        for process in (left, stranger):
            process.kill()
            process.wait()


@pytest.mark.parametrize("written", ["", "{", "[]", json.dumps({"pid": 1})])
def test_stop_by_a_torn_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], written: str
) -> None:
    """A file that says nothing of a run is none that runs."""
    (tmp_path / "run-47115.json").write_text(written)
    monkeypatch.setenv("CUTOUT_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PORT", "47115")

    assert stop.main([]) == 1
    assert len(capsys.readouterr().err.splitlines()) == 1


def test_stop_with_a_wrong_port() -> None:
    """A PORT that is none is named."""
    ended = run("stop", PORT="http")

    assert (ended.returncode, ended.stderr) == (2, "PORT: a number from 1 to 65535 expected, not 'http'\n")
