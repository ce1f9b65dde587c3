"""Times measured side by side, alternating."""

import statistics
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

T = TypeVar("T")


class Samples:
    """Times of one side in ms, by what they were measured on."""

    def __init__(self, values: Iterable[float] = ()) -> None:
        self.by_label: dict[str, list[float]] = {}
        for value in values:
            self.add("", value)

    def add(self, label: str, ms: float) -> None:
        """One more measurement."""
        self.by_label.setdefault(label, []).append(ms)

    @property
    def values(self) -> list[float]:
        """All of them."""
        return [ms for times in self.by_label.values() for ms in times]

    @property
    def p50(self) -> float:
        """The median of all."""
        return statistics.median(self.values)

    def p50_of(self, label: str) -> float:
        """The median on one input."""
        return statistics.median(self.by_label[label])

    def __str__(self) -> str:
        """Median, and lowest to highest."""
        return f"{self.p50:,.0f} ({min(self.values):,.0f} to {max(self.values):,.0f})"


def alternate(
    inputs: Mapping[str, T], rounds: int, sides: Mapping[str, Callable[[T], float]], warm_up: bool = True
) -> dict[str, Samples]:
    """Every side on every input, `rounds` times; with `warm_up`, one time before on the first that is not counted.

    A side takes an input and gives its time in ms. Whoever went first goes last the next time, so that a machine that
    grows faster or slower meanwhile does so for all.
    """
    samples = {side: Samples() for side in sides}
    for measure in sides.values() if warm_up else ():
        measure(next(iter(inputs.values())))
    for turn in range(rounds):
        for place, (label, value) in enumerate(inputs.items()):
            order = list(sides)[:: 1 if (turn + place) % 2 == 0 else -1]
            times_ms = {side: sides[side](value) for side in order}
            for side in sides:
                samples[side].add(label, times_ms[side])
            print(f"  {label:<18}", "   ".join(f"{side} {times_ms[side]:,.0f} ms" for side in sides), flush=True)
    return samples
