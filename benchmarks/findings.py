"""What a work found: lines of the table of targets, tables of its own, and what is drawn."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.limits import Limit
from benchmarks.samples import Samples


@dataclass(frozen=True, slots=True)
class Row:
    """One figure against its target."""

    work: str
    against: str
    ours: str
    peer: str
    measured: str
    target: str = ""
    met: bool | None = None
    """None: there is no target."""
    must: bool = False
    """It says that the work was done right, not how fast: the benchmark fails when it is not met."""
    limit: str = ""
    """What it cannot fall below on this machine, and how far from that it is."""

    def __str__(self) -> str:
        """For the terminal."""
        target = f" ({self.target}: {'met' if self.met else 'NOT MET'})" if self.target else ""
        against = f", against {self.against}" if self.against else ""
        sides = f"ours {self.ours}" + (f", theirs {self.peer}" if self.peer else "")
        limit = f"   limit {self.limit}" if self.limit else ""
        return f"  {self.work}{against}: {self.measured}{target}   {sides}{limit}"


@dataclass(slots=True)
class Findings:
    """Of one work, or of all together."""

    rows: list[Row] = field(default_factory=list)
    tables: dict[str, str] = field(default_factory=dict)
    """Markdown by the name of its place in docs/performance.md."""
    bars: list[dict[str, Any]] = field(default_factory=list)
    """Sides of a work with their times in ms, for the plot."""
    line: list[tuple[int, float]] = field(default_factory=list)
    """(MP of output, ms), for the plot."""

    memory: dict[str, dict[str, float]] = field(default_factory=dict)
    """Megabytes (PSS) of each side's parts, for the plot."""

    def add(self, other: "Findings") -> None:
        """Take in another work's."""
        self.rows += other.rows
        self.tables |= other.tables
        self.bars += other.bars
        self.line += other.line
        self.memory |= other.memory


def faster(  # noqa: PLR0917 - as a table of targets is read
    work: str, against: str, ours: Samples, peer: Samples, at_least: float | None = None, limit: Limit | None = None
) -> Row:
    """How many times faster ours is, by the medians."""
    times = peer.p50 / ours.p50
    target, met = ("", None) if at_least is None else (f"≥ {at_least:g} times faster", times >= at_least)
    measured = f"{times:.2f} times faster" if times >= 1 else f"{1 / times:.2f} times slower"
    beside = limit.beside(ours.p50) if limit else ""
    return Row(work, against, f"{ours} ms", f"{peer} ms", measured, target, met, limit=beside)


def bar(work: str, **sides: Samples) -> dict[str, Any]:
    """What the plot needs of a work."""
    return {"work": work, "sides": {name: samples.values for name, samples in sides.items()}}


def table(head: Sequence[object], lines: Iterable[Iterable[object]]) -> str:
    """A table in Markdown."""
    rows: list[Iterable[object]] = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(str(cell) for cell in row) + " |" for row in rows)
