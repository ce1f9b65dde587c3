"""A data folder on a disk that is slow, and one that is full, while callers send. As root: they mount one."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.paying import PAID, Provider
from tests.support.load import Load, Shot
from tests.support.ray_service import STEADY, Running, serving
from tests.support.sample_pictures import cut_by, picture

pytestmark = pytest.mark.long
DISK_MB = 48


@contextmanager
def disk(folder: Path) -> Iterator[Path]:
    """A small file system of its own."""
    image, place = folder / "disk.img", folder / "data"
    with image.open("wb") as file:
        file.truncate(DISK_MB * 1024 * 1024)
    place.mkdir()
    subprocess.run(["mkfs.ext4", "-q", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(place)], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, paid: Provider) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("disk")
    with disk(folder), serving(folder, {"steady": STEADY, "paid": PAID}, None, **paid.variables) as running:
        yield running


def job(_: int) -> Shot:
    """A cutout whose request and result are kept."""
    return Shot("/remove-background?include_models=steady", picture(96, 64))


@contextmanager
def freezing(place: Path, times: int = 4) -> Iterator[None]:
    """Writes stand still for a second, and again, and again."""

    def work() -> None:
        for _ in range(times):
            subprocess.run(["fsfreeze", "--freeze", str(place)], check=True)
            time.sleep(1)
            subprocess.run(["fsfreeze", "--unfreeze", str(place)], check=True)
            time.sleep(0.5)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def test_a_slow_disk_makes_nobody_fail(service: Running, paid: Provider) -> None:
    """Writes that take a second make records and jobs late, and lose none."""
    with (
        paid.paid(service, "a slow disk"),
        Load(service.address, 2, lambda _: cut_by("steady")) as plain,
        Load(service.address, 2, job, keyed=True) as kept,
        freezing(service.data),
    ):
        pass

    print(f"\na slow disk, plain requests: {plain.tally}\na slow disk, jobs: {kept.tally}")
    assert (plain.tally.lost, kept.tally.lost) == ([], [])


def test_a_full_disk_refuses_what_must_be_kept(service: Running, paid: Provider) -> None:
    """On a full disk plain requests are answered, and jobs refused; with room again every job is answered."""
    filler = service.data / "filler"
    with (
        paid.paid(service, "a full disk"),
        Load(service.address, 2, lambda _: cut_by("steady")) as plain,
        Load(service.address, 2, job, keyed=True) as kept,
    ):
        kept.wait_answers(4)
        _fill(filler)
        plain.wait_answers(10)
        time.sleep(5)
        filler.unlink()
        plain.wait_answers(10)
        kept.wait_answers(10)

    print(f"\na full disk, plain requests: {plain.tally}\na full disk, jobs: {kept.tally}")
    assert (plain.tally.lost, kept.tally.lost) == ([], [])


def _fill(file: Path) -> None:
    with file.open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(64 * 1024))
        except OSError:
            return
