"""The machine and the versions that figures belong to."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from benchmarks import peers
from benchmarks.findings import table
from deployments.engines.open_vino import has_bf16

OURS = ("cutout-shotgun", "ray", "onnxruntime", "openvino", "cykooz-resizer", "isal", "pillow")
THEIRS = ("rembg", "onnxruntime", "pillow", "pyvips-binary")


def machine(load_before: float, loads: Sequence[float]) -> str:
    """A table. `load_before` is what others asked of the machine; `loads`, after each work, are mostly its own."""
    memory_gb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    return table(
        ["Machine", ""],
        [
            ["Processor", f"{processor()}, {len(os.sched_getaffinity(0))} cores"],
            ["bf16", "yes" if has_bf16() else "no"],
            ["Memory", f"{memory_gb:.0f} GB"],
            ["System", f"{platform.system()} {platform.release().split('-')[0]}, Python {platform.python_version()}"],
            ["Load before the run", f"{load_before:.2f}"],
            ["Load during the run, its own included", f"{min(loads):.2f} to {max(loads):.2f}"],
            ["Ours", ", ".join(f"{name} {version(name)}" for name in OURS)],
            ["Theirs", ", ".join(f"{name} {peers.version(name)}" for name in THEIRS)],
            ["Date", f"{datetime.now(UTC):%Y-%m-%d}"],
        ],
    )


def processor() -> str:
    """Its name, as the system has it."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())
