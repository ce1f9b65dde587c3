"""Figures into docs/performance.md, between its marks; the prose around them stays as it was written."""

import re
from pathlib import Path

from benchmarks import peers
from benchmarks.findings import Findings, Row, table

PAGE = Path("docs/performance.md")
PLACE = re.compile(r"(?<=<!-- measured: )(\w+)( -->\n)(.*?)(?=<!-- end -->)", re.DOTALL)


def write(findings: Findings, folder: Path) -> None:
    """performance.md and performance.png in `folder`, from the page in docs/.

    Raises:
        KeyError: the page has a place for a table that no work made.
    """
    tables = {**findings.tables, "targets": targets(findings.rows)}
    page = PLACE.sub(lambda place: f"{place[1]}{place[2]}{tables[place[1]]}\n", PAGE.read_text(encoding="utf-8"))
    (folder / PAGE.name).write_text(page, encoding="utf-8")
    peers.draw({"bars": findings.bars, "line": findings.line, "memory": findings.memory}, folder / "performance.png")


def targets(rows: list[Row]) -> str:
    """Every figure against its target."""
    verdicts = {True: "yes", False: "**no**", None: ""}
    lines = [
        [row.work, row.against, row.ours, row.peer, row.measured, row.target, verdicts[row.met], row.limit]
        for row in rows
    ]
    return table(["Work", "Against", "Ours", "Theirs", "Measured", "Target", "Met", "Limit"], lines)
