"""A catalogue by a paid model, whose provider is a stand-in, killed by -9 at random moments and started again."""

import os
import random
import signal
import subprocess
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from benchmarks.catalogue.paces import COMMAND, Work
from tests.providers.runware import PRICE_USD, FakeRunware
from tests.providers.serving import Served
from tests.support.booked import booked_usd

MODEL, PAYER = "runware_rmbg2", "runware"
KILLS, LATER_S = 5, 3.0
"""How often it is killed; each time up to so many seconds after a number of pictures, drawn at random, is there."""
AT_ONCE = 4
"""Calls that are under way at a kill, at most: whether they were paid for nobody can know."""


@dataclass(frozen=True, slots=True)
class Ended:
    """What is there after the last start."""

    killed_at: tuple[int, ...]
    """Pictures that were done at each kill."""
    rows: Counter[str]
    """How many rows each picture has, of those with status `done`."""
    files: int
    priced: float
    """Prices in all rows together."""
    asked: int
    """Calls at the provider."""
    booked: float
    """Prices that are booked or set aside."""

    def __str__(self) -> str:
        moments = ", ".join(map(str, self.killed_at))
        rows = f"{self.rows.total()} rows, {len(self.rows)} pictures, {self.files} files"
        return f"killed at {moments} pictures; {rows}; {self._money}"

    @property
    def _money(self) -> str:
        return f"{self.priced:g} prices in the rows, {self.asked} calls at the provider, {self.booked:g} booked"

    def is_once(self, count: int) -> bool:
        """Whether each picture is there once."""
        return set(self.rows.values()) == {1} and len(self.rows) == self.files == count

    def is_counted(self, count: int) -> bool:
        """Whether each row has its price, and no call is missing from the books, nor booked without a kill."""
        return self.priced == count and self.asked <= self.booked <= self.asked + KILLS * AT_ONCE


def killed(work: Work) -> Ended:
    """Kill it, start it again, and look at what is there in the end."""
    out, count = work.scratch / "paid", len(work.pictures)
    database, runware, moments = work.scratch / "money", FakeRunware(), list[int]()
    most = ["--max-cost-usd", str(2 * count * PRICE_USD), "--data-dir", str(database)]
    command = [*COMMAND, "catalogue", work.given, str(out), "-m", MODEL, *most]
    with Served(runware.app) as provider, (work.scratch / "killed.log").open("wb") as log:
        variables = {"RUNWARE_API_KEY": "fake", "RUNWARE_BASE_URL": f"{provider.url}/v1"}
        for wanted in sorted(random.sample(range(count), KILLS)):
            run = subprocess.Popen(command, env=os.environ | variables, stderr=log)
            while _done(out) < wanted and run.poll() is None:
                time.sleep(0.2)
            time.sleep(random.uniform(0, LATER_S))
            run.send_signal(signal.SIGKILL)
            run.wait()
            moments.append(_done(out))
        subprocess.run(command, env=os.environ | variables, stderr=log, check=False)  # what is there is looked at
        asked = len(runware.script.seen("task"))
    rows = pq.read_table(out / "manifest.parquet", columns=["address", "status", "cost_usd"]).to_pylist()
    priced = round(sum(row["cost_usd"] for row in rows) / PRICE_USD, 6)
    booked = round(booked_usd(f"sqlite:///{database}/catalogue.sqlite", PAYER) / PRICE_USD, 6)
    once = Counter(row["address"] for row in rows if row["status"] == "done")
    return Ended(tuple(moments), once, _done(out), priced, asked, booked)


def _done(out: Path) -> int:
    """Files that are written."""
    return sum(1 for _ in out.glob("*.png"))
