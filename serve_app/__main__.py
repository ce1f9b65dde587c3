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

from cutout.errors import ConfigurationError
from serve_app.process.child_processes import RUN_ID, end_processes
from serve_app.process.folders import own_folder, own_scratch
from serve_app.settings import Settings, ray_environment, ray_folder, scratch_folder


def main() -> int:
    """Run until the service ends or a signal does; the service's exit code, or 2 for a folder that is not to be had."""
    run_id = uuid.uuid4().hex
    os.umask(0o077)  # of every process that comes from here, Ray's and HAProxy's too
    try:
        own_folder(Settings().data_dir, "CUTOUT_DATA_DIR")
        own_scratch(ray_folder(), "Ray's folder")
        own_scratch(scratch_folder(run_id), "HAProxy's folder")
    except ConfigurationError as wrong:
        print(wrong.message, file=sys.stderr)
        return 2
    environment = {**ray_environment(run_id), **os.environ, RUN_ID: run_id}
    command = [sys.executable, "-m", "serve_app.process.service", *sys.argv[1:]]
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
