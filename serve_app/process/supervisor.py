"""Starts the service as a child process, forwards signals to it, and cleans up after it.

The child has a process group of its own, which Ctrl-C in a terminal does not reach. However the child ends, the
supervisor ends every process of the run, and no other. The child does not get a session of its own: Linux would then
put it into a scheduler group of its own (autogroup), where under load its event loops wait up to a second for a
processor (Linux 6.18).
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path

from cutout.defaults import serve_config
from cutout.errors import ConfigurationError
from serve_app.process.child_processes import end_processes
from serve_app.process.folders import own_folder, own_scratch
from serve_app.settings import RUN_ID, Settings, ray_environment, ray_folder, scratch_folder

OTHERS = "'python -m serve_app apply' changes a running service, 'python -m serve_app stop' stops it."


def main(arguments: list[str]) -> int:
    """Run until the service ends or a signal arrives.

    Returns:
        The service's exit code, or 2 when a folder it needs cannot be used.
    """
    parser = argparse.ArgumentParser(
        prog="python -m serve_app", description="Start Cutout Shotgun in the foreground.", epilog=OTHERS
    )
    parser.add_argument("config", nargs="?", type=Path, default=serve_config(), help="Serve configuration")
    config = parser.parse_args(arguments).config
    run_id = uuid.uuid4().hex
    os.umask(0o077)  # inherited by every process of the run, including Ray's and HAProxy's
    try:
        own_folder(Settings().data_dir, "CUTOUT_DATA_DIR")
        own_scratch(ray_folder(), "Ray's folder")
        own_scratch(scratch_folder(run_id), "HAProxy's folder")
    except ConfigurationError as wrong:
        print(wrong.message, file=sys.stderr)
        return 2
    return _supervise(config, run_id)


def _supervise(config: Path, run_id: str) -> int:
    environment = {**ray_environment(run_id), **os.environ, RUN_ID: run_id}
    command = [sys.executable, "-m", "serve_app.process.service", str(config)]
    service = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, process_group=0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: service.terminate())
    try:
        return service.wait()
    finally:
        end_processes(run_id)
        shutil.rmtree(scratch_folder(run_id), ignore_errors=True)
