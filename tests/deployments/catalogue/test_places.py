"""A folder and a real S3 hold files in the same way."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from obstore.store import from_url

from cutout.errors import ConfigurationError, Conflict, NotFound, ServiceUnavailable
from deployments.catalogue import lease
from deployments.catalogue.places import HOLD, Place, place
from tests.support.patience import HANG_S
from tests.support.s3 import FAULTS, Moody, moody_s3, s3  # noqa: F401 - fixtures

pytestmark = pytest.mark.anyio
NAMES = ["a.png", "shoes/b 1.png", "ü/100%.png", "#7+&=?.png"]


@pytest.fixture(params=["folder", "bucket"])
def out(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """One, empty."""
    if request.param == "folder":
        yield place(str(tmp_path))
    else:
        yield place(f"{request.getfixturevalue('s3')}/{tmp_path.name}/")


async def test_files_are_there_once_they_are_written(out: Place) -> None:
    """Whatever their names, they are listed by them and read again; a second write replaces."""
    for name in NAMES:
        await out.put(name, name.encode())
    await out.put(".catalogue/parts/x.parquet", b"hidden")
    found = {listed.path: listed.version for listed in out.files()}

    assert sorted(found) == sorted(NAMES)
    assert [(await out.get(name)).decode() for name in found] == list(found)
    assert [listed.path for listed in out.files(".catalogue/parts")] == [".catalogue/parts/x.parquet"]
    await out.put("a.png", b"another")
    assert (await out.get("a.png"), found["a.png"] in {one.version for one in out.files()}) == (b"another", False)


async def test_what_is_not_there(out: Place) -> None:
    """Reading it is an error of its own; deleting it, and listing no files, is none."""
    await out.drop("gone.png")
    assert [*out.files("gone")] == []
    with pytest.raises(NotFound):
        await out.get("gone.png")


async def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """The message has the file and the reason."""
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ServiceUnavailable, match=r"file/a\.png: File exists"):
        await place(str(tmp_path)).put("file/a.png", b"")


@pytest.mark.parametrize("address", ["ftp://host/a", "s3://", "nothing://x"])
def test_an_address_of_no_place(address: str) -> None:
    """It is refused in one sentence."""
    with pytest.raises(ConfigurationError, match="a folder, or a URL"):
        place(address)


def test_one_run_at_a_time(out: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second one is refused in one sentence that names the place; after the first one's end it is not."""
    monkeypatch.setattr(lease, "RENEW_S", 0.01)
    monkeypatch.setattr(lease, "LEASE_S", HANG_S)
    for _ in range(2):
        with out.held() as lost:
            with pytest.raises(Conflict, match=f"{out.address}: another run is at work"), place(out.address).held():
                pass
            assert not lost.is_set()


def test_a_killed_run_does_not_block_the_next_in_a_folder(tmp_path: Path) -> None:
    """Its lock ends with it."""
    hold = "import sys, time; from deployments.catalogue.places import place; hold = place(sys.argv[1]).held()"
    wait = f"hold.__enter__(); print(flush=True); time.sleep({HANG_S})"
    command = [sys.executable, "-c", f"{hold}; {wait}", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as first:
        assert first.stdout
        first.stdout.readline()
        with pytest.raises(Conflict), place(str(tmp_path)).held():
            pass
        os.kill(first.pid, signal.SIGKILL)
    with place(str(tmp_path)).held():
        pass


def test_a_killed_run_does_not_block_the_next_in_an_object_store(
    s3: str,  # noqa: F811 - a fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An object that is not renewed is taken over; a run that finds itself replaced knows."""
    monkeypatch.setattr(lease, "RENEW_S", 0.01)
    monkeypatch.setattr(lease, "LEASE_S", 0.05)
    store = from_url(f"{s3}/killed")
    store.put(HOLD, b"of a run that was killed")
    with place(f"{s3}/killed").held() as lost:
        assert not lost.is_set()
        store.put(HOLD, b"of a run that took over")
        assert lost.wait(HANG_S)

    assert store.head(HOLD)


async def test_an_object_store_that_fails_now_and_then(moody_s3: tuple[str, Moody]) -> None:  # noqa: F811 - a fixture
    """It refuses, is slow, and drops calls before and after they are done: all is written once and read again."""
    address, moody = moody_s3
    out, names = place(f"{address}/moody"), [f"{number}.png" for number in range(30)]
    moody.share = 0.3
    with out.held() as lost:
        await asyncio.gather(*(out.put(name, name.encode()) for name in names))
        found = await asyncio.gather(*map(out.get, names))

    assert ([one.decode() for one in found], lost.is_set()) == (names, False)
    assert sorted(listed.path for listed in out.files()) == sorted(names)
    assert set(moody.faults) == {*FAULTS, "none"}
