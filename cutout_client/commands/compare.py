"""cutout compare: one photograph by every model, side by side on a checkerboard."""

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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
    from cutout.pixels.contact_sheet import Panel
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
    """Write a contact sheet: a photograph cut out by every model, with each one's time and price.

    Models that cannot work are named, with the reason, on standard error.
    """
    from cutout.limits import LimitsSpec
    from cutout.pixels.contact_sheet import Panel, contact_sheet
    from cutout.pixels.decoding.picture_file import decode
    from cutout.pixels.encoding.encode import encode
    from cutout_client.choice import chosen, terms_of
    from cutout_client.commands.cutters import Place, cutter
    from cutout_client.commands.names import shown
    from cutout_client.commands.photos import photographs

    if out.exists() and not overwrite:
        raise typer.BadParameter(f"{shown(out)} is there already; --overwrite replaces it", param_hint="--out")
    if out.suffix.lower() not in ("", ".png"):
        raise typer.BadParameter(f"the sheet is a PNG: a name that ends in .png is expected, not {shown(out)}")
    image = photographs([photo], recursive=False).photos[0].read()

    terms = terms_of(max_cost_usd, local_only, commercial_only)

    async def run() -> list[Panel]:
        async with cutter(Place(server, api_key, config_dir, data_dir.expanduser()), terms, "png", 1) as models:
            asked = chosen(model, models.cards, terms)
            for one in models.cards if model == ["all"] else ():
                if not one.available:
                    typer.echo(f"{one.id} is left out: {one.reason}", err=True)
            await models.open(asked)
            made = {result.model_id: result async for result in models.stream(image, asked)}
        for name in asked:
            if error := made[name].error:
                typer.echo(f"{shown(photo)}: {name}: {error}", err=True)
        return [_panel(made[name]) for name in asked]

    panels = asyncio.run(run())
    original = Panel("The photograph", "", decode(image, LimitsSpec()).rgba())
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(encode(contact_sheet([original, *panels]), "png"))
    raise typer.Exit(0 if all(panel.rgba is not None for panel in panels) else 1)


def _panel(result: "CutoutResult") -> "Panel":
    from cutout.limits import LimitsSpec
    from cutout.pixels.contact_sheet import Panel
    from cutout.pixels.decoding.picture_file import decode

    if result.image is None:
        return Panel(result.model_name, result.error or "no picture", None)
    price = f"{result.cost_usd:g} USD" if result.cost_usd else "free"
    rgba = decode(result.image, LimitsSpec()).rgba()
    return Panel(result.model_name, f"{result.processing_time_ms:,.0f} ms, {price}, {result.licence}", rgba)
