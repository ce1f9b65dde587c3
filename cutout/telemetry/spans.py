"""Where the time of one piece of work goes."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager


class Spans(dict[str, float]):
    """Milliseconds by the name of a span, in the order in which the spans began."""

    @contextmanager
    def timed(self, span: str) -> Iterator[None]:
        """Add the time of the block to a span."""
        started = time.perf_counter()
        try:
            yield
        finally:
            self[span] = self.get(span, 0.0) + (time.perf_counter() - started) * 1000


def rounded(times_ms: Mapping[str, float]) -> dict[str, float]:
    """Times by span, in ms, as they are told."""
    return {span: round(ms, 1) for span, ms in times_ms.items()}
