"""A catalogue that is killed by -9 again and again: every picture once, and what was paid is counted."""

import asyncio
import io
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from PIL import Image

from deployments.catalogue.manifest import PARTS
from deployments.catalogue.places import Folder, place
from tests.faults.paying import Provider
from tests.providers.runware import PRICE_USD
from tests.support.booked import booked_usd
from tests.support.patience import HANG_S
from tests.support.s3 import FAULTS, Moody, moody_s3  # noqa: F401 - a fixture

ROOT = Path(__file__).parent.parent.parent
LEAN = ROOT / "tests" / "cluster" / "lean"
PICTURES, AT_A_TIME = 60, 4
pytestmark = pytest.mark.long


def pictures(folder: Path) -> None:
    """So many of them in `in`, each another one."""
    (folder / "in").mkdir()
    for number in range(PICTURES):
        image = Image.new("RGB", (64, 64))
        image.paste((number * 4, 200, 40), (16, 16, 48, 48))
        image.save(folder / "in" / f"{number}.png")


def started(folder: Path, paid: Provider, out: str | None = None) -> "subprocess.Popen[bytes]":
    variables = {name: value for name, value in os.environ.items() if name != "RAY_ADDRESS"}
    command = [sys.executable, "-m", "deployments.catalogue", str(folder / "in"), out or str(folder / "out")]
    options = ["-m", "runware_rmbg2", "--config-dir", str(LEAN), "--data-dir", str(folder), "--max-cost-usd", "1"]
    with (folder / "log").open("ab") as log:
        return subprocess.Popen(
            [*command, *options], env=variables | paid.variables, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT
        )


def rows_stored(folder: Path) -> int:
    """Rows about pictures that are in the manifest, merged or not."""
    out = Folder(folder / "out")
    files = [listed.path for listed in out.files(PARTS)]
    files += ["manifest.parquet"] if (folder / "out" / "manifest.parquet").exists() else []
    found = 0
    for file in files:
        try:
            found += pq.read_metadata(folder / "out" / file).num_rows
        except FileNotFoundError:
            continue
    return found


@pytest.mark.parametrize("kills", [5])
def test_killed_again_and_again(tmp_path: Path, paid: Provider, kills: int) -> None:
    """Nothing done is done or paid again: a kill costs no more than the calls that were under way."""
    pictures(tmp_path)
    before = paid.calls
    for _ in range(kills):
        run, wanted = started(tmp_path, paid), rows_stored(tmp_path) + random.randint(1, 8)
        deadline = time.monotonic() + HANG_S
        while rows_stored(tmp_path) < wanted and run.poll() is None:
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(random.uniform(0.01, 0.05))
        run.send_signal(signal.SIGKILL)
        run.wait()
    last = started(tmp_path, paid)

    assert last.wait(HANG_S) == 0, (tmp_path / "log").read_text()
    rows = pq.read_table(tmp_path / "out" / "manifest.parquet").to_pylist()
    assert len(rows) == len({row["address"] for row in rows}) == PICTURES
    assert {row["status"] for row in rows} == {"done"}
    assert len(list((tmp_path / "out").glob("*.png"))) == PICTURES
    calls = paid.calls - before
    assert PICTURES <= calls <= PICTURES + kills * AT_A_TIME
    assert sum(row["cost_usd"] for row in rows) == pytest.approx(PICTURES * PRICE_USD)
    booked = booked_usd(f"sqlite:///{tmp_path}/catalogue.sqlite", "runware") / PRICE_USD
    print(f"\n{kills} kills: {calls} calls at the provider for {PICTURES} pictures, {booked:g} booked")
    assert calls <= round(booked, 6) <= calls + kills * AT_A_TIME


def test_an_object_store_that_fails_now_and_then(
    tmp_path: Path,
    paid: Provider,
    moody_s3: tuple[str, Moody],  # noqa: F811 - a fixture
) -> None:
    """It refuses, is slow, and drops calls before and after they are done: nothing is lost, nothing is paid twice."""
    pictures(tmp_path)
    address, moody = moody_s3
    moody.share, before = 0.1, paid.calls
    run = started(tmp_path, paid, address)

    assert run.wait(HANG_S) == 0, (tmp_path / "log").read_text()
    moody.share, out = 0.0, place(address)
    rows = pq.read_table(io.BytesIO(asyncio.run(out.get("manifest.parquet")))).to_pylist()
    assert len(rows) == len({row["address"] for row in rows}) == PICTURES
    assert {row["status"] for row in rows} == {"done"}
    assert {listed.path for listed in out.files()} >= {f"{number}.png" for number in range(PICTURES)}
    assert paid.calls - before == PICTURES
    assert sum(row["cost_usd"] for row in rows) == pytest.approx(PICTURES * PRICE_USD)
    print(f"\nfaults of the object store: {dict(moody.faults)}")
    assert set(moody.faults) == {*FAULTS, "none"}
