"""cutout compare: the cutouts of one photograph by every model, side by side on a checkerboard."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cutout.pixels.endings import READ_WORDS
from cutout_client.commands.options import (
    DATA_DIR,
    ApiKey,
    CommercialOnly,
    ConfigDir,
    DataDir,
    LocalOnly,
    MaxCostUsd,
    Models,
    Overwrite,
    Server,
)

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from cutout_client.cutting.cutters import Cutter
    from cutout_client.options import JobOptions, Terms
    from cutout_client.results import CutoutResult


def compare(
    photo: Annotated[str, typer.Argument(metavar="PHOTO", help=f"A {READ_WORDS} file, or - for standard input.")],
    *,
    model: Models = ["all"],  # noqa: B006 - Typer copies a default
    out: Annotated[Path, typer.Option("--out", "-o", metavar="SHEET", help="The PNG to write.")] = Path("compare.png"),
    overwrite: Overwrite = False,
    max_cost_usd: MaxCostUsd = None,
    local_only: LocalOnly = False,
    commercial_only: CommercialOnly = False,
    server: Server = None,
    api_key: ApiKey = None,
    config_dir: ConfigDir = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Write a sheet of a photograph's cutouts by every model.

    It shows their times and prices. Unavailable models are listed on standard error, with the reason.
    """
    from cutout_client.batch.names import shown
    from cutout_client.batch.photos import photographs
    from cutout_client.cutting.cutters import Place, cutter
    from cutout_client.cutting.selection import terms_of
    from cutout_client.extras import needs

    needs("local", "A contact sheet")
    from cutout_client.cutting.registry import registry_of
    from cutout_client.cutting.sheet import sheet

    if out.exists() and not overwrite:
        raise typer.BadParameter(f"{shown(out)} exists; --overwrite replaces it", param_hint="--out")
    if out.suffix.lower() not in ("", ".png"):
        raise typer.BadParameter(f"a name ending in .png expected, not {shown(out)}", param_hint="--out")
    image = photographs([photo], recursive=False).photos[0].read()
    terms = terms_of(max_cost_usd, local_only, commercial_only)
    options = cast("JobOptions", {**terms, "output_format": "png"})
    cutting = cutter(Place(server, api_key, config_dir, data_dir.expanduser()), options, 1)
    results = asyncio.run(_results(image, cutting, model, terms))
    for result in results:
        if result.error:
            typer.echo(f"{shown(photo)}: {result.model_id}: {result.error}", err=True)
    out.parent.mkdir(parents=True, exist_ok=True)
    families = {name: spec.family for name, spec in registry_of(config_dir).models.items() if spec.family}
    out.write_bytes(sheet(shown(Path(photo).name), image, results, families))
    raise typer.Exit(1 if any(result.image is None for result in results) else 0)


async def _results(
    image: bytes, cutting: "AbstractAsyncContextManager[Cutter]", models: list[str], terms: "Terms"
) -> "list[CutoutResult]":
    """Each model's result, in the order asked for; of `all`, names unavailable models on standard error."""
    from cutout_client.cutting.selection import selected

    async with cutting as cutter:
        asked = selected(models, cutter.cards, terms)
        for one in cutter.cards if models == ["all"] else ():
            if not one.available:
                typer.echo(f"{one.id} is left out: {one.reason}", err=True)
        await cutter.open(asked)
        made = {result.model_id: result async for result in cutter.stream(image, asked)}
    return [made[name] for name in asked]
