"""The command `cutout`, with all its subcommands.

Exit codes: 0 success; 1 some of the work failed; 2 the command line or the configuration is wrong; 3 a model, its
weights, a key, a service or an extra of this package is not available; 130 interrupted by Ctrl-C.
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
from cutout_client.batch.names import shown
from cutout_client.commands import keys, weights
from cutout_client.commands.catalogue import catalogue
from cutout_client.commands.compare import compare
from cutout_client.commands.examples import epilog
from cutout_client.commands.mcp import mcp
from cutout_client.commands.models import models
from cutout_client.commands.remove import remove
from cutout_client.commands.serve import serve
from cutout_client.commands.upscale import upscale
from cutout_client.extras import ExtraMissing

FAILED, USAGE, UNAVAILABLE = 1, 2, 3
OPTIONS = {"canvas": "size", "crop_margin": "margin"}
"""The names of options whose values are checked as fields of the API, which have others."""

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog=epilog("remove"))(remove)
app.command(epilog=epilog("compare"))(compare)
app.command(epilog=epilog("upscale"))(upscale)
app.command(epilog=epilog("catalogue"))(catalogue)
app.command(epilog=epilog("models"))(models)
app.add_typer(weights.app, name="weights")
app.add_typer(keys.app, name="keys")
app.command(epilog=epilog("serve"))(serve)
app.command(epilog=epilog("mcp"))(mcp)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(version("cutout-shotgun"))
        raise typer.Exit


@app.callback()
def cutout(
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Cutout Shotgun: background removers side by side, on this machine or on a service."""
    logging.getLogger().addHandler(logging.NullHandler())  # errors are printed as sentences, not logged


def main() -> None:
    """Run the command; CutoutError and OSError become one sentence on standard error."""
    try:
        app()
    except CutoutError as error:
        typer.echo(_sentence(error), err=True)
        raise SystemExit(_code(error)) from None
    except OSError as error:
        typer.echo(f"{shown(str(error.filename))}: {error.strerror}", err=True)
        raise SystemExit(FAILED) from None


def _sentence(error: CutoutError) -> str:
    """Its message; one that begins with a field of the API begins with the option's name."""
    field = str(error.details.get("field", ""))
    return error.message.replace(f"{field}: ", f"{OPTIONS[field]}: ", 1) if field in OPTIONS else error.message


def _code(error: CutoutError) -> int:
    if isinstance(error, ConfigurationError | ValidationError):
        return USAGE
    missing = ModelUnavailable | ServiceUnavailable | Unauthorized | Forbidden | ExtraMissing
    return UNAVAILABLE if isinstance(error, missing) else FAILED


if __name__ == "__main__":
    main()
