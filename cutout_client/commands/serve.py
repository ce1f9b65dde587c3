"""cutout serve: the service, as `make run` starts it."""

import os
import sys
from typing import Annotated

import typer


def serve(
    config: Annotated[str, typer.Argument(help="Ray Serve's configuration of the service.")] = "serve_config.yaml",
) -> None:
    """Start the service in the foreground, until Ctrl-C. HOST and PORT say where it listens."""
    # The service's ring is not this one's to import: the program becomes it, with its signals and its exit code.
    os.execv(sys.executable, [sys.executable, "-m", "serve_app", config])  # noqa: S606 - no shell is meant
