"""What a run says while it works: how many pictures, how fast, how long it will take, what it costs."""

import time
from collections.abc import Iterable
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from deployments.catalogue.manifest import Row

LINE_S = 30.0
"""Seconds between two lines where standard error is no terminal."""


class Progressing:
    """A bar on a terminal; elsewhere a line now and then."""

    def __init__(self, total: int) -> None:
        """`total`: pictures that are left to do."""
        self.done = self.failed = self.unpaid = 0
        self.cost_usd = 0.0
        self._total = total
        self._began = self._said = time.monotonic()
        self._console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
        columns = (TextColumn("pictures"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
        self._bars = Progress(*columns, console=self._console, disable=not self._console.is_terminal, transient=True)
        self._bar = self._bars.add_task("", total=total)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    @property
    def ended(self) -> int:
        """Pictures with an outcome."""
        return self.done + self.failed + self.unpaid

    def say(self, sentence: str) -> None:
        """Print a sentence on standard error."""
        self._console.print(sentence)

    def add(self, rows: Iterable[Row]) -> None:
        """Count outcomes, and name each failure."""
        for row in rows:
            self.done += row.status == "done"
            self.failed += row.status == "failed"
            self.unpaid += row.status == "unpaid"
            self.cost_usd += row.cost_usd
            if row.status == "failed":
                self.say(f"{row.address}: {row.error}")
        self._bars.update(self._bar, completed=self.ended, description=self.line())
        if not self._console.is_terminal and time.monotonic() - self._said >= LINE_S:
            self._said = time.monotonic()
            self.say(f"{self.ended:,} of {self._total:,} pictures, {self.line()}")

    def line(self) -> str:
        """Rate, remaining time, money and failures."""
        parts = [f"{self.ended * 60 / self._passed_s:,.0f} a minute"]
        if 0 < self.ended < self._total:
            parts.append(f"{self.time_for(self._total - self.ended)} left")
        parts += [f"{self.cost_usd:.4g} USD"] if self.cost_usd else []
        parts += [f"{self.failed:,} failed"] if self.failed else []
        return ", ".join(parts)

    def time_for(self, pictures: int) -> str:
        """How long so many more take at the pace so far, as hours, minutes and seconds."""
        return str(timedelta(seconds=round(pictures * self._passed_s / max(self.ended, 1))))

    @property
    def _passed_s(self) -> float:
        return max(time.monotonic() - self._began, 1e-6)
