"""A command's output: a progress bar on a terminal, JSON lines for scripts, one sentence for each failure."""

import json
import sys
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cutout_client.commands.names import shown

SOME_FAILED = 1


class Report:
    """The output of a run over `photos` photographs. The bar is shown only if standard error is a terminal."""

    def __init__(self, photos: int, as_json: bool) -> None:
        self._as_json = as_json
        self._failed = 0
        self._console = Console(stderr=True, markup=False, highlight=False, soft_wrap=True)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self._bars = Progress(*columns, console=self._console, disable=not self._console.is_terminal, transient=True)
        self._bar = self._bars.add_task("photographs", total=photos)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bars.stop()

    @property
    def exit_code(self) -> int:
        """0 if nothing failed, else 1."""
        return SOME_FAILED if self._failed else 0

    def made(self, facts: Mapping[str, object]) -> None:
        """Report a result that has been written."""
        self._line({**facts, "status": "success"})

    def failed(self, source: str, message: str, facts: Mapping[str, object]) -> None:
        """Report a failure; `message` is one sentence."""
        self._failed += 1
        self._console.print(f"{shown(source)}: {message}")
        self._line({**facts, "status": "error", "error": message})

    def say(self, sentences: Iterable[str]) -> None:
        """Print sentences that are not failures on standard error."""
        for sentence in sentences:
            self._console.print(sentence)

    def done(self) -> None:
        """Advance the bar by one photograph."""
        self._bars.advance(self._bar)

    def _line(self, facts: Mapping[str, object]) -> None:
        if self._as_json:
            # UTF-8 in every locale; invalid bytes of a file name become JSON escapes of surrogates.
            sys.stdout.buffer.write(json.dumps(facts, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
            sys.stdout.buffer.flush()
