"""cutout remove: cuts photographs out by one model or several."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING

import typer

from cutout_client.commands.options import (
    DATA_DIR,
    ApiKey,
    CommercialOnly,
    ConfigDir,
    DataDir,
    Json,
    LocalOnly,
    MaxCostUsd,
    ModelsOrAuto,
    OfCutouts,
    Out,
    Overwrite,
    Photos,
    Recursive,
    Refine,
    Server,
)

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from cutout_client.commands.batch import Work
    from cutout_client.commands.cutters import Cutter
    from cutout_client.commands.destination import Destination
    from cutout_client.commands.photos import Found
    from cutout_client.commands.report import Report
    from cutout_client.options import Terms


def remove(
    photos: Photos,
    *,
    model: ModelsOrAuto = ["all"],  # noqa: B006 - Typer copies a default
    out: Out = None,
    output_format: OfCutouts = None,
    recursive: Recursive = False,
    overwrite: Overwrite = False,
    as_json: Json = False,
    max_cost_usd: MaxCostUsd = None,
    local_only: LocalOnly = False,
    commercial_only: CommercialOnly = False,
    refine: Refine = False,
    server: Server = None,
    api_key: ApiKey = None,
    config_dir: ConfigDir = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Cut photographs out, on this machine or on a service.

    Results are named OUT/NAME.png, or with several models OUT/NAME.MODEL.png.
    """
    from cutout.models.selection import AUTO
    from cutout_client.commands.cutters import Place, cutter
    from cutout_client.commands.destination import Destination
    from cutout_client.commands.photos import photographs
    from cutout_client.commands.report import Report
    from cutout_client.selection import terms_of

    if AUTO in model and (server is None or len(model) > 1):
        raise typer.BadParameter(f"-m {AUTO}: a service chooses; --server and no other model expected")
    given = photographs(photos, recursive, out)
    destination = Destination.of(out, output_format, given.photos, labelled=model == ["all"] or len(model) > 1)
    if destination.suffix == "jpeg":
        raise typer.BadParameter("OUT: png, webp or avif expected: a cutout is transparent, and JPEG cannot be")
    terms = terms_of(max_cost_usd, local_only, commercial_only)
    place = Place(server, api_key, config_dir, data_dir.expanduser())
    cutting = cutter(place, terms, destination.suffix, len(given.photos), refine=refine)
    with Report(len(given.photos), as_json) as report:
        asyncio.run(_remove(given, destination, cutting, models=model, terms=terms, overwrite=overwrite, report=report))
    raise typer.Exit(report.exit_code)


async def _remove(
    given: "Found",
    destination: "Destination",
    cutting: "AbstractAsyncContextManager[Cutter]",
    *,
    models: list[str],
    terms: "Terms",
    overwrite: bool,
    report: "Report",
) -> None:
    from cutout.models.selection import AUTO, FUSED
    from cutout_client.commands.batch import Batch
    from cutout_client.selection import selected

    async with cutting as cutter:
        asked = (AUTO,) if AUTO in models else selected(models, cutter.cards, terms)
        await cutter.open(asked)
        found = given.without(destination.others(given.photos, [*(card.id for card in cutter.cards), FUSED]))
        report.say(found.sentences())
        await Batch(found.photos, destination, overwrite, report).run(_cut_by(cutter), asked, cutter.at_once)


def _cut_by(cutter: "Cutter") -> "Work":
    from cutout_client.commands.batch import Output
    from cutout_client.commands.cutters import facts

    async def work(image: bytes, models: Sequence[str]) -> AsyncIterator[Output]:
        async for result in cutter.stream(image, models):
            yield Output(result.model_id, result.image, result.error, facts(result))

    return work
