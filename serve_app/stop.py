"""python -m serve_app.stop: end the service that `python -m serve_app` started on PORT, and wait until it is gone."""

import os
import signal
import sys
import time

from serve_app.leftovers import end_processes, members, running
from serve_app.settings import Settings

END_S = 40.0
"""Seconds a service may take to end by itself; then its processes are killed."""


def main() -> int:
    """0 when a service was ended, 1 when none was there."""
    file = Settings().run_file(int(os.environ.get("PORT") or 8000))
    run = running(file)
    if run is None:
        print(f"No service of {file} is running.", file=sys.stderr)
        return 1
    os.kill(run.pid, signal.SIGTERM)
    deadline = time.monotonic() + END_S
    while members(run.run_id) and time.monotonic() < deadline:
        time.sleep(0.2)
    end_processes(run.run_id)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
