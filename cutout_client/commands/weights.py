"""cutout weights: the files of the models that run here."""

from typing import Annotated

import typer

from cutout_client.commands.options import ConfigDir

app = typer.Typer(help="The weights of the models that run here.", no_args_is_help=True)


@app.command()
def pull(
    models: Annotated[list[str] | None, typer.Argument(metavar="[MODEL]...", help="Ids; else every model.")] = None,
    *,
    config_dir: ConfigDir = None,
) -> None:
    """Fetch weights that are not here yet, and check their checksums. What cannot be had is said, with the reason."""
    from cutout.errors import ValidationError
    from cutout.models.prefetch import prefetch, weights_of
    from cutout_client.commands.registry import registry_of

    wanted = weights_of(registry_of(config_dir).models.values())
    if unknown := set(models or ()) - wanted.keys():
        raise ValidationError(f"{min(unknown)} is no model with weights. Known: {', '.join(wanted)}")
    asked = {name: wanted[name] for name in models} if models else wanted
    had = prefetch(asked)
    # Of all, some may be out of reach, as for `make weights`; what was asked for by its name is wanted.
    raise typer.Exit(0 if all(had) or (any(had) and not models) else 3)
