"""The service's process: its database is held and looked at before Ray, and all that stands on it, is imported.

That takes seconds. Who starts a second service, or one on a damaged file, hears of it before them.
"""

import argparse
import sys
from pathlib import Path

from cutout.errors import ConfigurationError
from deployments.records.checking import check_database
from serve_app.process.exclusive import hold_database
from serve_app.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Run until Ctrl-C or SIGTERM; 0 after a clean end, 2 when something of the operator's is wrong, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m serve_app", description="Start Cutout Shotgun.")
    parser.add_argument("config", nargs="?", type=Path, default=Path("serve_config.yaml"), help="Serve configuration")
    config_file = parser.parse_args(arguments).config
    try:
        held = hold_database(Settings().database_url)
        check_database(Settings().database_url)
    except ConfigurationError as wrong:
        print(wrong.message, file=sys.stderr)
        return 2
    from serve_app.process import run

    try:
        return run.main(config_file)
    finally:
        if held:
            held.release()


if __name__ == "__main__":
    raise SystemExit(main())
