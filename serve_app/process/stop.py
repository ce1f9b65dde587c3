"""python -m serve_app.process.stop: end the service that `python -m serve_app` started on PORT."""

import os
import shutil
import signal
import sys
import time

from cutout.errors import ConfigurationError
from serve_app.process.child_processes import end_processes, members, running
from serve_app.settings import Settings, port_number, scratch_folder

END_S = 40.0
"""Seconds a service may take to end by itself; then its processes are killed."""


def main() -> int:
    """0 when a service was ended, 1 when none was there, 2 for a wrong PORT."""
    try:
        file = Settings().run_file(port_number(os.environ.get("PORT") or 8000, "PORT"))
    except ConfigurationError as wrong:
        print(wrong.message, file=sys.stderr)
        return 2
    run = running(file)
    if run is None:
        print(f"No service of {file} is running.", file=sys.stderr)
        return 1
    if run.pid in members(run.run_id):  # else it died, and left others behind
        os.kill(run.pid, signal.SIGTERM)
    deadline = time.monotonic() + END_S
    while run.pid in members(run.run_id) and time.monotonic() < deadline:
        time.sleep(0.2)
    end_processes(run.run_id)
    file.unlink(missing_ok=True)
    shutil.rmtree(scratch_folder(run.run_id), ignore_errors=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
