"""The plot, drawn in the peers' environment: `python plot.py FILE`, the findings as JSON on standard input."""

import json
import statistics
import sys
from typing import Any

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

OURS = "ours"
COLOURS = {
    OURS: "#1b7f5c",
    "rembg s": "#c9823a",
    "rembg s + Pillow": "#e0b380",
    "rembg p": "#b5563c",
    "Pillow": "#8a7bb8",
    "libvips": "#7d8a99",
}


def bars(axes: Any, works: list[dict[str, Any]]) -> None:
    """Each work's medians with lowest to highest, in multiples of our median."""
    place, ticks = 0.0, []
    for work in works:
        unit = statistics.median(work["sides"][OURS])
        ticks.append((place + (len(work["sides"]) - 1) / 2, work["work"]))
        for name, times_ms in work["sides"].items():
            bar(axes, place, name, [ms / unit for ms in times_ms], f"{statistics.median(times_ms) / 1000:.2f} s")
            place += 1
        place += 0.8
    axes.set_yticks(*zip(*ticks, strict=True))
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.set_xlim(left=0)
    axes.set_xlabel("times our median; whiskers from lowest to highest")
    drawn = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    axes.legend(
        drawn.values(), drawn.keys(), fontsize=8, ncols=5, loc="lower left", bbox_to_anchor=(0, 1), frameon=False
    )


def bar(axes: Any, place: float, name: str, values: list[float], text: str) -> None:
    """One side of one work."""
    middle = statistics.median(values)
    reach = [[middle - min(values)], [max(values) - middle]]
    axes.barh(place, middle, xerr=reach, color=COLOURS[name], ecolor="#444", capsize=2, label=name)
    axes.annotate(text, (max(values), place), (4, 0), textcoords="offset points", va="center", fontsize=8)


def line(axes: Any, points: list[tuple[int, float]]) -> None:
    """Time of /upscale by size."""
    megapixels, times_ms = zip(*points, strict=True)
    axes.plot(megapixels, times_ms, "o-", color=COLOURS[OURS])
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.set_xlabel("output, MP")
    axes.set_ylabel("/upscale over HTTP, ms")


def memory(axes: Any, sides: dict[str, dict[str, float]]) -> None:
    """Each side's memory, its parts one beside the other."""
    for side, parts in sides.items():
        begun = 0.0
        for place, (part, megabytes) in enumerate(parts.items()):
            axes.barh(side, megabytes, left=begun, color=COLOURS[side], alpha=1 - 0.25 * place, edgecolor="white")
            axes.annotate(part, (begun + megabytes / 2, side), ha="center", va="center", fontsize=8, rotation=90)
            begun += megabytes
    axes.invert_yaxis()
    axes.set_xlabel("memory after the same requests, PSS, MB")


def main(file: str) -> None:
    """See the module."""
    drawing = json.load(sys.stdin)
    figure, axes = plt.subplot_mosaic(
        [["bars", "line"], ["bars", "memory"]], figsize=(11, 6), width_ratios=(3, 2), layout="constrained"
    )
    bars(axes["bars"], drawing["bars"])
    line(axes["line"], drawing["line"])
    memory(axes["memory"], drawing["memory"])
    figure.savefig(file, dpi=130)


if __name__ == "__main__":
    main(*sys.argv[1:])
