"""Checks and turns a command's options on how results look into those of a request."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from cutout.pixels.endings import READ
from cutout.pixels.plain import OutputFormat
from cutout_client.batch.names import shown

if TYPE_CHECKING:
    from cutout_client.options import Finish

MOST_JPEG_QUALITY = 95


def finish_of(
    output_format: OutputFormat, background: str | None, crop: bool, margin: str | None, mask: bool
) -> "Finish":
    """The finish that options ask for.

    Raises:
        typer.BadParameter: options that do not go together, or a background's file that is not there.
    """
    if margin is not None and not crop:
        raise typer.BadParameter("--margin: --crop expected with it")
    if mask and background is not None:
        raise typer.BadParameter("--background: a mask has none; --mask or --background expected")
    if output_format == "jpeg" and background is None:
        raise typer.BadParameter("JPEG has no transparency: --background expected with it, or PNG, WebP or AVIF")
    finish: Finish = {"output_format": output_format}
    if background is not None:
        finish["background"] = _behind(background)
    if crop:
        finish["crop"] = True
    if margin is not None:
        finish["crop_margin"] = margin
    if mask:
        finish["output_type"] = "mask"
    return finish


def check_quality(quality: int | None, output_format: OutputFormat, server: str | None) -> None:
    """Check that a quality can be had; raises typer.BadParameter."""
    if quality is None:
        return
    if server:
        raise typer.BadParameter("--quality: a service has its own, `encode` in its configuration; leave it out")
    if output_format == "png":
        raise typer.BadParameter("--quality: PNG is lossless; OUT or --format as jpg, webp or avif expected")
    if output_format == "jpeg" and quality > MOST_JPEG_QUALITY:
        raise typer.BadParameter(f"--quality: at most {MOST_JPEG_QUALITY} expected for JPEG")


def _behind(background: str) -> str | Path:
    """A colour, or a file."""
    path = Path(background)
    if path.is_file():
        return path
    if path.suffix.lower() in READ:
        raise typer.BadParameter(f"--background: there is no file {shown(background)}")
    return background
