"""cutout serve: starts the service, as `make run` does."""

import os
import sys
from typing import Annotated

import typer


def serve(
    config: Annotated[str, typer.Argument(help="Ray Serve configuration.")] = "serve_config.yaml",
) -> None:
    """Start the service in the foreground, until Ctrl-C. HOST and PORT set its address."""
    # This ring may not import serve_app; exec also passes on signals and the exit code.
    os.execv(sys.executable, [sys.executable, "-m", "serve_app", config])  # noqa: S606 - no shell is needed
