"""A catalogue's plan, of a command's options: its models, and the files that are made of each picture."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Annotated, cast

from pydantic import BeforeValidator, Field
from pydantic import ValidationError as Unfit

from cutout.errors import ModelUnavailable, ValidationError
from cutout.jobs import Output
from cutout.models.enlarging import DETAIL, METHOD
from cutout.models.registry import Registry
from cutout.models.selection import AUTO, FUSED, ModelSelection
from cutout.models.weights import needed_by
from cutout.pixels.endings import WRITTEN
from cutout.pixels.plain import MOST_CHOKE_PX, MOST_DPI, AlphaMode, EnlargingMethod, OutputFormat
from cutout.spec import Spec
from cutout_client.commands.finish import Sheet, Tones, finish_of
from cutout_client.cutting.finishing import Finishing
from cutout_client.cutting.local import card
from cutout_client.cutting.selection import allowed, selected
from cutout_client.options import Factor, JobOptions, Terms
from deployments.catalogue.places import place
from deployments.catalogue.plan import Plan, Rendition


class _Fields(Spec):
    """What may follow a file's name: the options of `cutout remove`, `upscale` and its `method`."""

    background: str | None = None
    crop: bool = False
    margin: str | None = None
    size: str | None = None
    inches: str | None = None
    dpi: float | None = Field(None, ge=1, le=MOST_DPI)
    least_dpi: float | None = Field(None, ge=1, le=MOST_DPI)
    fill: bool = False
    choke: int = Field(0, ge=0, le=MOST_CHOKE_PX)
    alpha: AlphaMode = "soft"
    lpi: float | None = Field(None, gt=0)
    mask: bool = False
    quality: int | None = Field(None, ge=1, le=100)
    upscale: Annotated[Factor | None, BeforeValidator(int)] = None
    method: EnlargingMethod = "lanczos"

    def options(self, output_format: OutputFormat) -> JobOptions:
        """Those of a request; raises typer.BadParameter for what does not go together."""
        finish = finish_of(
            output_format,
            Sheet(self.size, self.inches, self.dpi, self.least_dpi, self.fill),
            Tones(self.alpha, self.lpi, self.choke),
            background=self.background,
            crop=self.crop,
            margin=self.margin,
            mask=self.mask,
            quality=self.quality,
        )
        return cast("JobOptions", finish)


def plan(
    out: str, models: Sequence[str], written: Sequence[str], registry: Registry, *, terms: Terms, data: Path
) -> Plan:
    """The plan that options ask for; `data` is the data folder.

    Raises:
        ValidationError, ModelUnavailable: models that cannot run, or a file that cannot be made; weights of
            `method: detail` are fetched.
        typer.BadParameter: options of a finish that do not go together.
        ConfigurationError: OUT is no place.
    """
    renditions = tuple(rendition(text, registry) for text in written)
    made = Plan(place(out).address, registry, selection(models, registry, terms), renditions, data / "compiled")
    for factor in {one.output.factor for one in made.detailed if one.output.factor}:
        needed_by(METHOD, DETAIL[factor])
    return made


def selection(asked: Sequence[str], registry: Registry, terms: Terms) -> ModelSelection:
    """The models that may run: one, those of `auto`, or those that `fused` is made of."""
    cards = [card(spec) for spec in registry.models.values()]
    ready = {one.id for one in cards if one.available and allowed(one, terms)}
    reasons = "; ".join(f"{one.id}: {one.reason or 'excluded'}" for one in cards if one.id not in ready)
    if tuple(asked) == (AUTO,):
        models = tuple(name for name in registry.models if name in ready)
    else:
        named = selected(asked, cards, terms)
        local = [one.id for one in cards if one.local and one.id in ready]
        models = tuple(name for name in named if name != FUSED) or tuple(local)
        if len(models) > 1 and FUSED not in asked:
            raise ValidationError(f"-m: one model, {AUTO}, or {FUSED} with its models expected, not {', '.join(asked)}")
    missing = [name for name in models if name not in ready]
    if missing or not models:
        raise ModelUnavailable(f"Not available: {', '.join(missing) or 'any model'}. {reasons}")
    return ModelSelection(tuple(asked), models)


def rendition(text: str, registry: Registry) -> Rendition:
    """One file, of `NAME[, FIELD[=VALUE]]…`; its format is that of the name's ending."""
    pattern, *fields = (part.strip() for part in text.split(","))
    ending = PurePosixPath(pattern).suffix.lower()
    if ending not in WRITTEN:
        raise ValidationError(f"--write {text}: a name ending in {', '.join(WRITTEN)} expected")
    given = _fields(text, fields)
    if "method" in given.model_fields_set and not given.upscale:
        raise ValidationError(f"--write {text}: method: upscale=2 or 4 expected with it")
    made = Finishing.of(given.options(WRITTEN[ending]), registry)
    known = replace(made.finish, quality=given.quality)
    finish = None if known.is_plain else known
    return Rendition(text, pattern, Output(made.output_format, given.upscale, finish, method=given.method))


def _fields(text: str, fields: Sequence[str]) -> _Fields:
    pairs = (field.partition("=") for field in fields)
    try:
        return _Fields.model_validate({name: value.strip() if equals else "true" for name, equals, value in pairs})
    except Unfit as wrong:
        first = wrong.errors()[0]
        known = ", ".join(_Fields.model_fields)
        reason = f"one of {known} expected" if first["type"] == "extra_forbidden" else first["msg"]
        raise ValidationError(f"--write {text}: {first['loc'][0]}: {reason}") from wrong
