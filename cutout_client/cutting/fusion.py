"""`fused` in this process: one more cutout, made of those of the models."""

import time
from collections.abc import Mapping

from cutout.errors import ModelError
from cutout.models.combination import FEWEST, NAMES, UNKNOWN, licence_of, too_few
from cutout.models.registry import Registry
from cutout.models.selection import FUSED
from cutout.models.spec import LicenceSpec
from cutout.models.status import EngineReport
from cutout.pixels.composite import compose
from cutout.pixels.ground import shown
from cutout.pixels.mattes.fuse import fused
from cutout.pixels.mattes.measure import scores
from cutout.pixels.picture import Picture
from cutout.pixels.types import Alpha, Matte
from cutout_client.cutting.finishing import FinishedFile, Finishing
from cutout_client.results import CutoutResult

ENGINE = EngineReport("scipy", "CPU")


def fuse(
    picture: Picture,
    mattes: Mapping[str, Alpha],
    failures: Mapping[str, str],
    registry: Registry,
    finishing: Finishing,
) -> CutoutResult:
    """The result `fused` of a picture, or its error where there are too few cutouts.

    `mattes` has the alpha of each model's cutout, (H, W), bytes; `failures` say why the other models gave none.
    """
    started = time.perf_counter()
    if len(mattes) < FEWEST:
        return _result(started, UNKNOWN, error=too_few(len(mattes), failures))
    rgb, specs = shown(picture), registry.models
    families = {name: family for name in mattes if (family := specs[name].family)}
    made = fused(rgb, mattes, scores(rgb, mattes, families))
    file = finishing.file(compose(picture, Matte(made.alpha), True), picture)
    return _result(started, licence_of(FUSED, made.sources, specs), file)


def _result(
    started: float, licence: LicenceSpec, file: FinishedFile | None = None, error: str | None = None
) -> CutoutResult:
    return CutoutResult(
        model_id=FUSED,
        model_name=NAMES[FUSED],
        processing_time_ms=round((time.perf_counter() - started) * 1000, 1),
        cost_usd=0.0,
        licence=licence.name,
        commercial_use=licence.commercial,
        image=file.encoded if file else None,
        semi_transparent=file.semi_transparent if file else None,
        error=error,
        error_type=ModelError.type if error else None,
        engine=None if error else ENGINE,
    )
