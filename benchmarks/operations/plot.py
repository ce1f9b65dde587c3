"""The plot of a soak, drawn in the peers' environment: `python plot.py FILE`, the samples as JSON on standard input."""

import json
import sys

import matplotlib as mpl

mpl.use("Agg")
import matplotlib.pyplot as plt

PANELS = ("private memory, MB", "part of the object store, MB", "file handles")
SHOWN = 10
"""Processes with a line of their own in each panel: those with the most."""


def main(file: str) -> None:
    """See the module."""
    processes = json.load(sys.stdin)
    figure, axes = plt.subplots(len(PANELS), 1, figsize=(10, 11), sharex=True, layout="constrained")
    for place, (panel, title) in enumerate(zip(axes, PANELS, strict=True), start=1):
        largest = sorted(processes, key=lambda name: -max(sample[place] for sample in processes[name]))
        for name in largest[:SHOWN]:
            times, values = zip(*((sample[0], sample[place]) for sample in processes[name]), strict=True)
            panel.plot(times, values, label=name[:60], linewidth=1.2)
        panel.set_title(title, loc="left", fontsize=10)
        panel.set_ylim(bottom=0)
        panel.legend(fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    axes[-1].set_xlabel("seconds")
    figure.savefig(file, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
