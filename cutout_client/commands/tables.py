"""Tables on standard output, in which no cell is ever shortened."""

import sys
from collections.abc import Iterable, Sequence

UNLIMITED = 10_000
"""Width of a table for a file or another program, in characters."""


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print rows under headings. On a narrow terminal cells have several lines; elsewhere a row is one line."""
    from rich import box
    from rich.console import Console
    from rich.table import Column, Table

    console = Console(width=None if sys.stdout.isatty() else UNLIMITED, markup=False, highlight=False)
    table = Table(*(Column(heading, overflow="fold") for heading in headings), box=box.SIMPLE)
    for row in rows:
        table.add_row(*row)
    console.print(table)
