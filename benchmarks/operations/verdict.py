"""What a command found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Verdict:
    """One line of the table in docs/operations.md."""

    what: str
    measured: str
    held: bool
    """Whether what must hold did."""
