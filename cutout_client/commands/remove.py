"""cutout remove: photographs, by one model or several."""

import asyncio

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
    Models,
    OfCutouts,
    Out,
    Overwrite,
    Photos,
    Recursive,
    Refine,
    Server,
)


def remove(
    photos: Photos,
    *,
    model: Models = ["all"],  # noqa: B006 - Typer copies a default
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
    """Cut photographs out, in this process or by a service.

    With one model a result is OUT/NAME.png, with several OUT/NAME.MODEL.png.
    """
    from collections.abc import AsyncIterator, Sequence

    from cutout_client.choice import chosen, terms_of
    from cutout_client.commands.batch import Batch, Made
    from cutout_client.commands.cutters import Place, cutter, facts
    from cutout_client.commands.destination import Destination
    from cutout_client.commands.photos import photographs
    from cutout_client.commands.report import Report

    given = photographs(photos, recursive, out)
    destination = Destination.of(out, output_format, given.photos, labelled=model == ["all"] or len(model) > 1)
    if destination.suffix == "jpeg":
        raise typer.BadParameter("a cutout is transparent, and JPEG is not: png, webp or avif is expected of OUT")

    terms = terms_of(max_cost_usd, local_only, commercial_only)

    async def run(report: Report) -> None:
        place = Place(server, api_key, config_dir, data_dir.expanduser())
        async with cutter(place, terms, destination.suffix, len(given.photos), refine=refine) as models:

            async def cut(image: bytes, wanted: Sequence[str]) -> AsyncIterator[Made]:
                async for result in models.stream(image, wanted):
                    yield Made(result.model_id, result.image, result.error, facts(result))

            asked = chosen(model, models.cards, terms)
            await models.open(asked)
            ids = [card.id for card in models.cards]
            found = given.without(destination.others(given.photos, ids))
            report.say(found.sentences())
            await Batch(found.photos, destination, overwrite, report).run(cut, asked, models.at_once)

    with Report(len(given.photos), as_json) as report:
        asyncio.run(run(report))
    raise typer.Exit(report.exit_code)
