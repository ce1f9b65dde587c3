"""How soon /health answers, all along: `python -m benchmarks.operations.health ADDRESS` asks until it is terminated.

A process of its own, since callers by the hundred hold Python's lock of theirs, and their waiting is not the service's.
"""

import subprocess
import sys
import time
from types import TracebackType
from typing import Self

import httpx

EVERY_S = 0.5
PATIENCE_S = 10.0


class HealthWatch:
    """Asks for /health until the end of the `with` block; `seconds` has what each answer took."""

    def __init__(self, address: str) -> None:
        self.seconds: list[float] = []
        """Until /health answered 200; infinite where it did not."""
        self._command = [sys.executable, "-m", "benchmarks.operations.health", address]

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        output, _ = self._process.communicate()
        self.seconds = [float(line) for line in output.splitlines()]


def main(address: str) -> None:
    """Print a line an answer: its seconds."""
    with httpx.Client(base_url=address, timeout=PATIENCE_S, trust_env=False) as http:
        while True:
            print(_asked(http), flush=True)
            time.sleep(EVERY_S)


def _asked(http: httpx.Client) -> float:
    begun = time.monotonic()
    try:
        good = http.get("/health").status_code == 200
    except httpx.HTTPError:
        good = False
    return time.monotonic() - begun if good else float("inf")


if __name__ == "__main__":
    main(sys.argv[1])
