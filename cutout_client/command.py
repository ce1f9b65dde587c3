"""The command `cutout`: all its commands on one screen.

Exit codes, for scripts: 0 everything was done; 1 some of it failed, and the rest was done; 2 the command line or the
configuration is wrong; 3 a model, its weights, a key or a service cannot be had; 130 ended by Ctrl-C.
"""

import logging
from typing import Annotated

import typer

from cutout.errors import (
    ConfigurationError,
    CutoutError,
    Forbidden,
    ModelUnavailable,
    ServiceUnavailable,
    Unauthorized,
    ValidationError,
)
from cutout_client.commands import keys, weights
from cutout_client.commands.compare import compare
from cutout_client.commands.models import models
from cutout_client.commands.names import shown
from cutout_client.commands.remove import remove
from cutout_client.commands.serve import serve
from cutout_client.commands.upscale import upscale

FAILED, WRONG, UNAVAILABLE = 1, 2, 3

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, rich_markup_mode=None)
app.command()(remove)
app.command()(compare)
app.command()(upscale)
app.command()(models)
app.add_typer(weights.app, name="weights")
app.add_typer(keys.app, name="keys")
app.command()(serve)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("cutout-shotgun"))
        raise typer.Exit


@app.callback()
def cutout(
    _: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True, help="Say it, and end.")] = False,
) -> None:
    """Cutout Shotgun: background removers side by side, here or on a service."""
    logging.getLogger().addHandler(logging.NullHandler())  # what went wrong is said in sentences, not by a log


def main() -> None:
    """Run the command; an error of ours, or of a file, is one sentence on standard error."""
    try:
        app()
    except CutoutError as error:
        typer.echo(error.message, err=True)
        raise SystemExit(_code(error)) from None
    except OSError as error:
        typer.echo(f"{shown(str(error.filename))}: {error.strerror}", err=True)
        raise SystemExit(FAILED) from None


def _code(error: CutoutError) -> int:
    if isinstance(error, ConfigurationError | ValidationError):
        return WRONG
    missing = ModelUnavailable | ServiceUnavailable | Unauthorized | Forbidden
    return UNAVAILABLE if isinstance(error, missing) else FAILED


if __name__ == "__main__":
    main()
