"""cutout weights: manages the weights of local models."""

from typing import Annotated

import typer

from cutout_client.commands.examples import epilog
from cutout_client.commands.options import ConfigDir

app = typer.Typer(help="Manage the weights of local models.", no_args_is_help=True)


@app.command(epilog=epilog("weights pull"))
def pull(
    models: Annotated[
        list[str] | None, typer.Argument(metavar="[MODEL]...", help="Model ids. Default: every model.")
    ] = None,
    *,
    config_dir: ConfigDir = None,
) -> None:
    """Download missing weights and verify their checksums. Reports those that cannot be downloaded, with the reason."""
    from cutout_client.extras import needs_local

    needs_local()
    from cutout.errors import ValidationError
    from cutout.models.prefetch import prefetch, weights_of
    from cutout_client.cutting.registry import registry_of
    from cutout_client.cutting.selection import our_name

    wanted = weights_of(registry_of(config_dir).models.values())
    names = [our_name(name, wanted) for name in models or ()]
    if unknown := set(names) - wanted.keys():
        raise ValidationError(f"{min(unknown)} is not a model with weights. Known: {', '.join(wanted)}")
    asked = {name: wanted[name] for name in names} if models else wanted
    had = prefetch(asked)
    # Without names, some models may fail, as with `make weights`; a named model must succeed.
    raise typer.Exit(0 if all(had) or (any(had) and not models) else 3)
