"""cutout serve: starts the service, as `make run` does."""

import os
import sys
from typing import Annotated

import typer


def serve(
    config: Annotated[
        str | None, typer.Argument(help="Ray Serve configuration. Default: ./serve_config.yaml, or the installed one.")
    ] = None,
) -> None:
    """Start the service in the foreground, until Ctrl-C.

    HOST and PORT set its address.
    """
    from cutout_client.extras import needs

    needs("service", "A service")
    command = [sys.executable, "-m", "serve_app", *([config] if config else [])]
    # This ring may not import serve_app; exec also passes on signals and the exit code.
    os.execv(sys.executable, command)  # noqa: S606 - no shell is needed
