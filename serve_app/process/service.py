"""The service's own process: locks and checks its database before it imports Ray and everything built on Ray.

The imports take seconds. An operator who starts a second service, or one whose database is damaged, is told at once.
"""

import sys
from pathlib import Path

from cutout.errors import ConfigurationError
from deployments.records.checking import check_database
from serve_app.process.database_lock import lock_database
from serve_app.settings import Settings


def main(config_file: Path) -> int:
    """Run until Ctrl-C or SIGTERM; the exit code is that of run.main, or 2 when the database cannot be used."""
    try:
        lock = lock_database(Settings().database_url)
        check_database(Settings().database_url)
    except ConfigurationError as wrong:
        print(wrong.message, file=sys.stderr)
        return 2
    from serve_app.process import run

    try:
        return run.main(config_file)
    finally:
        if lock:
            lock.release()


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1])))
