"""cutout upscale: enlarges pictures by two or four on each side, with exact alpha."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from cutout_client.commands.options import (
    ApiKey,
    ConfigDir,
    Json,
    Method,
    OfPictures,
    Out,
    Overwrite,
    Photos,
    Recursive,
    Server,
    SkipExisting,
)

if TYPE_CHECKING:
    from pathlib import Path

    from cutout.pixels.plain import EnlargingMethod, OutputFormat, Size
    from cutout.service import ServiceSpec
    from cutout_client.batch.batch import Batch, Work
    from cutout_client.batch.photos import Photo
    from cutout_client.client import AsyncClient

Factor = Literal[2, 4]
PICTURES_AT_ONCE = 4
"""How many pictures to send to a service at a time."""


@dataclass(frozen=True, slots=True)
class _How:
    """What is made of each picture."""

    factor: Factor
    method: "EnlargingMethod"
    format: "OutputFormat"


def upscale(
    photos: Photos,
    *,
    factor: Annotated[Factor, typer.Option("--factor", "-f", help="Enlargement of each side.")] = 4,
    method: Method = "lanczos",
    out: Out = None,
    output_format: OfPictures = None,
    recursive: Recursive = False,
    overwrite: Overwrite = False,
    skip_existing: SkipExisting = False,
    as_json: Json = False,
    server: Server = None,
    api_key: ApiKey = None,
    config_dir: ConfigDir = None,
) -> None:
    """Enlarge pictures with exact alpha.

    On this machine, or on a service. Results are named OUT/NAME.png.
    """
    from cutout_client.batch.batch import Batch, existing_of
    from cutout_client.batch.destination import Destination
    from cutout_client.batch.photos import photographs
    from cutout_client.batch.report import Report

    given = photographs(photos, recursive, out)
    destination = Destination.of(out, output_format, given.photos, labelled=False)
    found = given.without(destination.others(given.photos, [""]))

    with Report(len(found.photos), as_json) as report:
        report.say(found.sentences())
        batch = Batch(destination, existing_of(overwrite=overwrite, skip=skip_existing), report)
        if left := batch.left(found.photos, [""]):
            how = _How(factor, method, destination.format)
            if server is not None:
                run = _on_server(batch, left, how, server, api_key)
            else:
                run = _in_process(batch, left, how, config_dir)
            asyncio.run(run)
    raise typer.Exit(report.exit_code)


async def _on_server(batch: "Batch", photos: "Sequence[Photo]", how: _How, server: str, api_key: str | None) -> None:
    from cutout_client.batch.batch import one_by_one
    from cutout_client.client import AsyncClient

    async with AsyncClient(server, api_key) as client:
        await client.models()  # a wrong address or key is said once, and not of each picture
        await batch.run(one_by_one(photos), _by(client, how), [""], PICTURES_AT_ONCE)


async def _in_process(batch: "Batch", photos: "Sequence[Photo]", how: _How, config_dir: "Path | None") -> None:
    from cutout_client.batch.batch import one_by_one
    from cutout_client.extras import needs_local

    needs_local()
    from cutout_client.cutting.registry import registry_of

    service = registry_of(config_dir).service
    work = _here(service, how)
    await batch.run(one_by_one(photos), work, [""], len(os.sched_getaffinity(0)))


def _by(client: "AsyncClient", how: _How) -> "Work":
    from cutout_client.batch.batch import Output

    async def work(image: bytes, _: Sequence[str]) -> AsyncIterator[Output]:
        made = await client.upscale(
            image, how.factor, how.format, preserve_alpha=how.format != "jpeg", method=how.method
        )
        yield Output("", made.image, None, _facts(made.output_size, made.processing_time_ms))

    return work


def _here(service: "ServiceSpec", how: _How) -> "Work":
    from cutout.errors import ImageTooLarge
    from cutout.pixels.decoding.decoder import Decoder
    from cutout.pixels.density import times
    from cutout.pixels.encoding.encode import encode
    from cutout.pixels.picture import Picture
    from cutout.pixels.plain import STRIP_FORMATS
    from cutout.pixels.resizing.method import check_method
    from cutout.pixels.strips import opaque
    from cutout_client.batch.batch import Output
    from deployments.upscaler import enlarge

    limits, decoder = service.limits, Decoder(service.limits)
    in_strips = how.format in STRIP_FORMATS and how.method != "detail"
    most_px = limits.output_px if in_strips else min(limits.output_px, limits.output_whole_px)

    def upscaled(picture: Picture) -> tuple[bytes, "Size"]:
        size = picture.size.times(how.factor)
        check_method(picture.size, how.factor, how.method, limits)
        if size.width * size.height > most_px:
            raise ImageTooLarge(f"The result would have more than {most_px} pixels")
        shown = Picture(picture.on_white(), dpi=picture.dpi) if how.format == "jpeg" else picture
        larger = enlarge(shown.rgba(), how.factor, how.method)
        pixels = larger if shown.has_alpha else opaque(larger)
        return encode(pixels, how.format, service.encode, times(picture.dpi, how.factor)), size

    async def work(image: bytes, _: Sequence[str]) -> AsyncIterator[Output]:
        started = time.perf_counter()
        enlarged, size = await asyncio.to_thread(upscaled, await decoder.decode(image))
        yield Output("", enlarged, None, _facts(size, round((time.perf_counter() - started) * 1000, 1)))

    return work


def _facts(size: "Size", time_ms: float) -> dict[str, object]:
    return {"width": size.width, "height": size.height, "processing_time_ms": time_ms}
