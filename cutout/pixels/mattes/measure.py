"""What is measured of a matte against its picture, once, where both are."""

from collections.abc import Mapping

from cutout.pixels.mattes.agreement import scored
from cutout.pixels.mattes.edges import alignment, edges, strength
from cutout.pixels.mattes.look import Look, packed, sharpness, shrunk
from cutout.pixels.mattes.score import Score
from cutout.pixels.types import Alpha, Plane, Rgb


def look(rgb: Rgb, alpha: Alpha) -> Look:
    """A matte, (H, W), of a picture, (H, W, 3), both bytes, as it is compared with others of the same picture."""
    return _look(strength(rgb), alpha)


def scores(rgb: Rgb, mattes: Mapping[str, Alpha], families: Mapping[str, str]) -> dict[str, Score]:
    """The score of every matte of a picture, by its model; see `agreed` for `families`."""
    found = strength(rgb)
    return scored({model: _look(found, matte) for model, matte in mattes.items()}, families)


def _look(found: Plane, alpha: Alpha) -> Look:
    return Look(packed(shrunk(alpha)), sharpness(alpha), alignment(found, edges(alpha)))
