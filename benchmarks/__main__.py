"""python -m benchmarks [--smoke] [--only WORK,WORK]: measures, prints, and writes docs/performance.md.

docs/ is written by a whole run in full form alone, so that all its figures are of one run.
"""

import argparse
import os
import signal
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks import report
from benchmarks.bench import FULL, SMOKE, Bench
from benchmarks.findings import Findings
from benchmarks.machine import machine
from benchmarks.works import WORKS


def main() -> int:
    """0 when every work was done, and done right; 1 otherwise. How fast is for the reader to judge."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--smoke", action="store_true", help="the short form: it shows that everything runs")
    parser.add_argument("--only", default=",".join(WORKS), help="works, with commas: " + ", ".join(WORKS))
    arguments = parser.parse_args()
    asked = arguments.only.split(",")
    if unknown := set(asked) - set(WORKS):
        parser.error(f"{', '.join(sorted(unknown))}: one of {', '.join(WORKS)} expected")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    whole = set(asked) == set(WORKS)
    with tempfile.TemporaryDirectory(prefix="cutout-bench-") as folder:
        findings = _measured([name for name in WORKS if name in asked], arguments.smoke, Path(folder))
        if whole:
            report.write(findings, Path(folder) if arguments.smoke else report.PAGE.parent)
    print(f"\n{findings.tables['machine']}\n\n{report.targets(findings.rows)}")
    return 0 if all(row.met for row in findings.rows if row.must) else 1


def _measured(names: list[str], smoke: bool, folder: Path) -> Findings:
    findings, load_before, loads = Findings(), os.getloadavg()[0], []
    with ExitStack() as stack:
        bench = Bench(SMOKE if smoke else FULL, folder, stack)
        for name in names:
            print(f"\n{name}", flush=True)
            begun = time.monotonic()
            found = WORKS[name](bench)
            findings.add(found)
            loads.append(os.getloadavg()[0])
            print(*found.rows, *found.tables.values(), f"  in {time.monotonic() - begun:.0f} s", sep="\n", flush=True)
    findings.tables["machine"] = machine(load_before, loads)
    return findings


if __name__ == "__main__":
    raise SystemExit(main())
