"""A command's output: a progress bar on a terminal, JSON lines for scripts, a sentence for each failure, a summary."""

import asyncio
import json
import sys
import time
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from cutout_client.batch.names import shown

SOME_FAILED = 1


class Report:
    """The output of a run over `photos` photographs, or of one without end, where that is None.

    The bar is shown only if standard error is a terminal. The summary is left out for a single photograph, unless the
    run was interrupted.
    """

    def __init__(self, photos: int | None, as_json: bool) -> None:
        self._as_json = as_json
        self._photos = photos
        self._done = self._written = self._skipped = self._failed = 0
        self._cost_usd = 0.0
        self._begun = time.monotonic()
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
        interrupted = kind is not None and issubclass(kind, KeyboardInterrupt | asyncio.CancelledError)
        if interrupted or (kind is None and self._photos != 1):
            self._console.print(self._summary(interrupted))

    @property
    def exit_code(self) -> int:
        """0 if nothing failed, else 1."""
        return SOME_FAILED if self._failed else 0

    def made(self, facts: Mapping[str, object]) -> None:
        """Report a result that has been written."""
        self._written += 1
        self._line({**facts, "status": "success"})

    def failed(self, source: str, message: str, facts: Mapping[str, object]) -> None:
        """Report a failure; `message` is one sentence."""
        self._failed += 1
        self._console.print(f"{shown(source)}: {message}")
        self._line({**facts, "status": "error", "error": message})

    def skipped(self, facts: Mapping[str, object]) -> None:
        """Report a result that was there before, and is kept."""
        self._skipped += 1
        self._line({**facts, "status": "skipped"})

    def say(self, sentences: Iterable[str]) -> None:
        """Print sentences that are not failures on standard error."""
        for sentence in sentences:
            self._console.print(sentence)

    def done(self) -> None:
        """Advance the bar by one photograph."""
        self._done += 1
        self._bars.advance(self._bar)

    def _summary(self, interrupted: bool) -> str:
        photos = f"{self._done}" if self._photos in (None, self._done) else f"{self._done} of {self._photos}"
        counts = {"written": self._written, "skipped": self._skipped, "failed": self._failed}
        results = ", ".join(f"{count} {name}" for name, count in counts.items() if count) or "none written"
        cost = f", {self._cost_usd:.4g} USD" if self._cost_usd else ""
        seconds = time.monotonic() - self._begun
        end = "Interrupted: " if interrupted else ""
        return f"{end}{photos} photographs in {seconds:.1f} s; results: {results}{cost}"

    def _line(self, facts: Mapping[str, object]) -> None:
        cost = facts.get("cost_usd")
        self._cost_usd += cost if isinstance(cost, int | float) else 0.0
        if self._as_json:
            # UTF-8 in every locale; invalid bytes of a file name become JSON escapes of surrogates.
            sys.stdout.buffer.write(json.dumps(facts, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
            sys.stdout.buffer.flush()
