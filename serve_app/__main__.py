"""python -m serve_app [serve_config.yaml]: Ray and the service in the foreground, until Ctrl-C or SIGTERM.

What `make run` and the container start. The service is a child in a process group of its own, which Ctrl-C does not
reach: however it ends, this process ends everything that it started, and only that. A session of its own would be an
autogroup of its own as well, and in a crowd its event loops would wait a second for a processor (Linux 6.18).
"""

import os
import shutil
import signal
import subprocess
import sys
import uuid

from serve_app.leftovers import RUN_ID, end_processes
from serve_app.settings import ray_environment, scratch_folder


def main() -> int:
    """Run until the service ends or a signal does; the service's exit code."""
    run_id = uuid.uuid4().hex
    environment = {**ray_environment(run_id), **os.environ, RUN_ID: run_id}
    command = [sys.executable, "-m", "serve_app.run", *sys.argv[1:]]
    service = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, process_group=0)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: service.terminate())
    try:
        return service.wait()
    finally:
        end_processes(run_id)
        shutil.rmtree(scratch_folder(run_id), ignore_errors=True)


if __name__ == "__main__":
    raise SystemExit(main())
