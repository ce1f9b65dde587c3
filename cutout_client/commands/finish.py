"""Checks and turns a command's options on how results look into those of a request."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

import typer

from cutout.pixels.endings import READ
from cutout.pixels.plain import AlphaMode, OutputFormat
from cutout_client.batch.names import shown

if TYPE_CHECKING:
    from cutout_client.options import Finish

MOST_JPEG_QUALITY = 95


@dataclass(frozen=True, slots=True)
class Sheet:
    """The options on a result's size."""

    size: str | None
    inches: str | None
    dpi: float | None
    least_dpi: float | None
    fill: bool

    @property
    def is_given(self) -> bool:
        """Whether there is a canvas."""
        return self.size is not None or self.inches is not None

    def check(self) -> None:
        """Raise typer.BadParameter for options that do not go together."""
        if self.size is not None and self.inches is not None:
            raise typer.BadParameter("--inches: only one of --size and --inches expected")
        if self.fill and not self.is_given:
            raise typer.BadParameter("--fill: --size or --inches expected with it")


@dataclass(frozen=True, slots=True)
class Tones:
    """The options on half tones of alpha."""

    alpha: AlphaMode
    lpi: float | None
    choke_px: int


def finish_of(
    output_format: OutputFormat,
    sheet: Sheet,
    tones: Tones,
    *,
    background: str | None,
    crop: bool,
    margin: str | None,
    mask: bool,
    quality: int | None,
) -> "Finish":
    """The finish that options ask for.

    Raises:
        typer.BadParameter: options that do not go together, or a background's file that is not there.
    """
    _check(output_format, background is not None, margin is not None and not (crop or sheet.is_given), mask)
    sheet.check()
    _check_quality(quality, output_format)
    given = {
        "output_format": output_format,
        "output_type": "mask" if mask else None,
        "background": None if background is None else _behind(background),
        "crop": crop or None,
        "crop_margin": margin,
        "canvas": sheet.size,
        "inches": sheet.inches,
        "fit": "fill" if sheet.fill else None,
        "dpi": sheet.dpi,
        "least_dpi": sheet.least_dpi,
        "edge_choke": tones.choke_px or None,
        "alpha": None if tones.alpha == "soft" else tones.alpha,
        "halftone_lpi": tones.lpi,
        "quality": quality,
    }
    # Services of version 1.0.0 reject fields that they do not know: only what is asked for is sent.
    return cast("Finish", {name: value for name, value in given.items() if value is not None})


def _check(output_format: OutputFormat, has_background: bool, has_lone_margin: bool, mask: bool) -> None:
    if has_lone_margin:
        raise typer.BadParameter("--margin: --crop, --size or --inches expected with it")
    if mask and has_background:
        raise typer.BadParameter("--background: a mask has none; --mask or --background expected")
    if output_format == "jpeg" and not has_background:
        raise typer.BadParameter("JPEG has no transparency: --background expected with it, or PNG, WebP or AVIF")


def _check_quality(quality: int | None, output_format: OutputFormat) -> None:
    if quality is not None and output_format == "png":
        raise typer.BadParameter("--quality: PNG is lossless; OUT or --format as jpg, webp or avif expected")
    if quality is not None and output_format == "jpeg" and quality > MOST_JPEG_QUALITY:
        raise typer.BadParameter(f"--quality: at most {MOST_JPEG_QUALITY} expected for JPEG")


def _behind(background: str) -> str | Path:
    """A colour, or a file."""
    path = Path(background)
    if path.is_file():
        return path
    if path.suffix.lower() in READ:
        raise typer.BadParameter(f"--background: there is no file {shown(background)}")
    return background
