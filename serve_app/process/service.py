"""The service's own process: locks and checks its database and its configuration before it imports Ray.

The imports take seconds. An operator who starts a second service, or one with something wrong, is told at once.
"""

import sys
from pathlib import Path

from cutout.errors import ConfigurationError
from deployments.records.checking import check_database
from serve_app.process.checks import check_start
from serve_app.process.database_lock import lock_database
from serve_app.settings import Settings


def main(config_file: Path) -> int:
    """Run until Ctrl-C or SIGTERM; the exit code is that of run.main, or 2 when something is wrong before it."""
    try:
        lock = lock_database(Settings().database_url)
        check_database(Settings().database_url)
        start = check_start(config_file)
    except ConfigurationError as wrong:
        print(wrong.message, file=sys.stderr)
        return 2
    from serve_app.process import run

    try:
        return run.main(start)
    finally:
        if lock:
            lock.release()


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
