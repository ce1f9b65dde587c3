"""Stops the service running on PORT, and what is left of it."""

import argparse
import os
import shutil
import signal
import sys
import time

from cutout.errors import ConfigurationError
from serve_app.process.child_processes import end_processes, members, running
from serve_app.settings import Settings, port_number, scratch_folder

STOP_S = 40.0
"""Longest wait for a service to stop by itself, in seconds; then its processes are killed."""


def main(arguments: list[str]) -> int:
    """Stop it: 0 when a service was stopped, 1 when none is running, 2 when PORT is not a port."""
    argparse.ArgumentParser(prog="python -m serve_app stop", description=__doc__).parse_args(arguments)
    try:
        file = Settings().run_file(port_number(os.environ.get("PORT") or 8000, "PORT"))
    except ConfigurationError as wrong:
        print(wrong.message, file=sys.stderr)
        return 2
    run = running(file)
    if run is None:
        print(f"No running service found in {file}", file=sys.stderr)
        return 1
    if run.pid in members(run.run_id):  # otherwise it has died and left processes behind
        os.kill(run.pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_S
    while run.pid in members(run.run_id) and time.monotonic() < deadline:
        time.sleep(0.2)
    end_processes(run.run_id)
    file.unlink(missing_ok=True)
    shutil.rmtree(scratch_folder(run.run_id), ignore_errors=True)
    return 0
