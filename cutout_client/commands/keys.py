"""cutout keys: manages the API keys of a service."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cutout_client.commands.examples import epilog

if TYPE_CHECKING:
    from cutout.accounts.keys import KeyRecord

app = typer.Typer(help="Manage API keys, stored as hashes in one file.", no_args_is_help=True)
File = Annotated[Path, typer.Option("--file", envvar="CUTOUT_API_KEYS_FILE", help="The key file.")]
HEADINGS = ("id", "name", "tier", "models", "USD a day", "scope", "made", "revoked")


@app.command(epilog=epilog("keys make"))
def make(
    name: Annotated[str, typer.Argument(help="Name of the key's owner.")],
    file: File,
    tier: Annotated[str, typer.Option(help="Tier with the key's limits, from `access` in service.yaml.")] = "default",
    model: Annotated[
        list[str] | None, typer.Option(help="Model the key may use; repeat for more. Default: all.")
    ] = None,
    daily_usd: Annotated[float | None, typer.Option(min=0, help="Maximum spending per UTC day, in USD.")] = None,
    *,
    operator: Annotated[
        bool, typer.Option("--operator", help="Let the key read, export and replace the picks of all keys.")
    ] = False,
) -> None:
    """Create a key and print it. It cannot be shown again."""
    _check_installed()
    from cutout.accounts.keys import KeyRing, make_key

    text, record = make_key(name, tier, model, daily_usd, operator=operator)
    KeyRing(file).add(record)
    typer.echo(text)


@app.command("list", epilog=epilog("keys list"))
def show(file: File) -> None:
    """List all keys by id, without the keys themselves."""
    _check_installed()
    from cutout.accounts.keys import KeyRing
    from cutout_client.commands.tables import print_table

    print_table(HEADINGS, map(_row, KeyRing.load(file).records))


@app.command(epilog=epilog("keys revoke"))
def revoke(key_id: Annotated[str, typer.Argument(help="Id of the key, as shown by `list`.")], file: File) -> None:
    """Revoke a key; running services refuse it at once."""
    _check_installed()
    from cutout.accounts.keys import KeyRing

    record = KeyRing.load(file).revoke(key_id)
    typer.echo(f"{record.name}'s key {record.id} is revoked")


def _row(record: "KeyRecord") -> tuple[str, ...]:
    return (
        record.id,
        record.name,
        record.tier,
        "all" if record.models is None else ", ".join(record.models),
        "" if record.daily_usd is None else f"{record.daily_usd:g}",
        "operator" if record.operator else "its own",
        f"{record.created:%Y-%m-%d}",
        f"{record.revoked:%Y-%m-%d}" if record.revoked else "",
    )


def _check_installed() -> None:
    from cutout_client.extras import needs

    needs("service", "The file of a service's keys")
