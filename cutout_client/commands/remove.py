"""cutout remove: cuts photographs out by one model or several."""

import asyncio
import signal
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from cutout.pixels.endings import READ_WORDS
from cutout_client.commands.options import (
    DATA_DIR,
    AlphaTones,
    ApiKey,
    Behind,
    Choke,
    CommercialOnly,
    ConfigDir,
    Crop,
    DataDir,
    Fill,
    Form,
    Inches,
    Json,
    LeastDpi,
    LocalOnly,
    Lpi,
    Margin,
    Mask,
    MaxCostUsd,
    ModelsOrAuto,
    Out,
    Overwrite,
    PrintDpi,
    Quality,
    Recursive,
    Refine,
    Server,
    Size,
    SkipExisting,
    Watch,
)

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from cutout_client.batch.batch import Batch, Work
    from cutout_client.batch.photos import Found, Photo
    from cutout_client.cutting.cutters import Cutter
    from cutout_client.options import JobOptions


MANY = 4
"""As many photographs as make a watched folder worth several networks at a time."""


def remove(
    photos: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PHOTO",
            help=f"Files, folders, patterns such as 'in/*.jpg', or - for standard input: {READ_WORDS}.",
            show_default=False,
        ),
    ] = None,
    *,
    model: ModelsOrAuto = ["all"],  # noqa: B006 - Typer copies a default
    out: Out = None,
    output_format: Form = None,
    background: Behind = None,
    crop: Crop = False,
    margin: Margin = None,
    size: Size = None,
    inches: Inches = None,
    dpi: PrintDpi = None,
    least_dpi: LeastDpi = None,
    fill: Fill = False,
    choke: Choke = 0,
    alpha: AlphaTones = "soft",
    lpi: Lpi = None,
    mask: Mask = False,
    quality: Quality = None,
    refine: Refine = False,
    recursive: Recursive = False,
    overwrite: Overwrite = False,
    skip_existing: SkipExisting = False,
    watch: Watch = None,
    as_json: Json = False,
    max_cost_usd: MaxCostUsd = None,
    local_only: LocalOnly = False,
    commercial_only: CommercialOnly = False,
    server: Server = None,
    api_key: ApiKey = None,
    config_dir: ConfigDir = None,
    data_dir: DataDir = DATA_DIR,
) -> None:
    """Cut photographs out, on this machine or on a service.

    Results are named OUT/NAME.png, or with several models OUT/NAME.MODEL.png.
    """
    from cutout_client.batch.batch import Batch, existing_of
    from cutout_client.batch.destination import Destination
    from cutout_client.batch.report import Report
    from cutout_client.commands.finish import Sheet, Tones, finish_of
    from cutout_client.cutting.cutters import Place, cutter
    from cutout_client.cutting.selection import terms_of

    _check_models(model, server)
    given = _given(photos, watch, recursive, out)
    destination = Destination.of(out, output_format, given.photos, labelled=model == ["all"] or len(model) > 1)
    form = destination.format
    finish = finish_of(
        form,
        Sheet(size, inches, dpi, least_dpi, fill),
        Tones(alpha, lpi, choke),
        background=background,
        crop=crop,
        margin=margin,
        mask=mask,
        quality=quality,
    )
    options = cast("JobOptions", {**terms_of(max_cost_usd, local_only, commercial_only), **finish})
    if refine:
        options["refine"] = True  # services of version 1.0.0 reject the field
    existing = existing_of(overwrite=overwrite, skip=skip_existing or (watch is not None and not overwrite))
    count = None if watch else len(given.photos)
    cutting = cutter(Place(server, api_key, config_dir, data_dir.expanduser()), options, count or MANY)
    with Report(count, as_json) as report:
        batch = Batch(destination, existing, report)
        asyncio.run(_remove(_Wanted(given, watch, recursive, model, options), cutting, batch))
    raise typer.Exit(report.exit_code)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a run is to do."""

    given: "Found"
    watched: Path | None
    recursive: bool
    models: list[str]
    options: "JobOptions"


def _check_models(models: list[str], server: str | None) -> None:
    from cutout.models.selection import AUTO

    if AUTO in models and (server is None or len(models) > 1):
        raise typer.BadParameter(f"-m {AUTO}: a service chooses; --server and no other model expected")


def _given(photos: list[str] | None, watch: Path | None, recursive: bool, out: str | None) -> "Found":
    from cutout_client.batch.photos import Found, photographs
    from cutout_client.batch.watch import check_watched

    if watch is None and not photos:
        raise typer.BadParameter("PHOTO expected: files, folders, or - for standard input; or --watch FOLDER")
    if watch is None:
        return photographs(photos or (), recursive, out)
    if photos:
        raise typer.BadParameter("--watch: no PHOTO is expected with it")
    check_watched(watch, out)
    return Found(())


async def _remove(wanted: _Wanted, cutting: "AbstractAsyncContextManager[Cutter]", batch: "Batch") -> None:
    from cutout.models.selection import AUTO, FUSED
    from cutout_client.batch.batch import one_by_one
    from cutout_client.cutting.selection import selected

    async with cutting as cutter:
        asked = (AUTO,) if AUTO in wanted.models else selected(wanted.models, cutter.cards, wanted.options)
        labels = [*(card.id for card in cutter.cards), FUSED]
        found = wanted.given.without(batch.destination.others(wanted.given.photos, labels))
        batch.report.say(found.sentences())
        left = batch.left(found.photos, asked)
        if not left and not wanted.watched:
            return
        await cutter.open(asked)
        photos = _watched(wanted, wanted.watched, batch) if wanted.watched else one_by_one(left)
        await batch.run(photos, _cut_by(cutter), asked, cutter.at_once)


def _watched(wanted: _Wanted, folder: Path, batch: "Batch") -> "AsyncIterator[Photo]":
    """The photographs of the watched folder, until Ctrl-C or SIGTERM; those that are at work are finished."""
    from cutout_client.batch.names import shown
    from cutout_client.batch.watch import arriving

    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    batch.report.say([f"Watching {shown(folder)} until Ctrl-C"])
    out = batch.destination.folder
    return arriving(folder, wanted.recursive, out.absolute() if out else None, ended)


def _cut_by(cutter: "Cutter") -> "Work":
    from cutout_client.batch.batch import Output
    from cutout_client.cutting.cutters import facts

    async def work(image: bytes, models: Sequence[str]) -> AsyncIterator[Output]:
        async for result in cutter.stream(image, models):
            yield Output(result.model_id, result.image, result.error, facts(result))

    return work
