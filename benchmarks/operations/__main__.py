"""python -m benchmarks.operations COMMAND: the service under load and under trouble, with fakes as models.

Each command prints one line, and exits with 1 when what must hold did not; --write puts it into docs/operations.md.
"""

import argparse
import re
import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.operations.crowd import crowd
from benchmarks.operations.kills import kills
from benchmarks.operations.nodes import throughput
from benchmarks.operations.redeploy import redeploy
from benchmarks.operations.soak import soak
from benchmarks.operations.steps import steps
from benchmarks.operations.verdict import Verdict

PAGE = Path("docs/operations.md")
COMMANDS: dict[str, Callable[[Path, float | None], Verdict]] = {
    "steps": steps,
    "nodes": throughput,
    "kills": kills,
    "redeploy": redeploy,
    "crowd": crowd,
    "soak": soak,
}


def main() -> int:
    """0 when everything held that must."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.operations", description=__doc__)
    parser.add_argument("command", choices=COMMANDS)
    parser.add_argument("--minutes", type=float, help="of soak and crowd")
    parser.add_argument("--write", action="store_true", help="put the line into docs/operations.md")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="cutout-operations-") as folder:
        verdict = COMMANDS[options.command](Path(folder), options.minutes)
    line = f"| `{options.command}` | {verdict.what} | {verdict.measured} | {'yes' if verdict.held else '**no**'} |"
    print(line)
    if options.write:
        _write(options.command, line)
    return 0 if verdict.held else 1


def _write(command: str, line: str) -> None:
    """Put the line in the place of the command's last one."""
    page, found = re.subn(
        rf"^\| `{command}` \|.*$", lambda _: line, PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    if found != 1:
        raise RuntimeError(f"{PAGE}: one line of `{command}` expected")
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
