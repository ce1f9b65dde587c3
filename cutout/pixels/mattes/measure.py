"""What is measured of a matte against its picture, once, where both are."""

from collections.abc import Mapping

from cutout.pixels.mattes.agreement import scored
from cutout.pixels.mattes.descriptor import MatteDescriptor, packed, sharpness, shrunk
from cutout.pixels.mattes.edges import alignment, edges, strength
from cutout.pixels.mattes.score import Score
from cutout.pixels.types import Alpha, Plane, Rgb


def described(rgb: Rgb, alpha: Alpha, edge_strength: Plane | None = None) -> MatteDescriptor:
    """The descriptor of a matte, (H, W), of a picture, (H, W, 3), both bytes.

    `edge_strength` is the picture's `edges.strength`, where it is known already: it is the same for all its mattes.
    """
    found = strength(rgb) if edge_strength is None else edge_strength
    return MatteDescriptor(packed(shrunk(alpha)), sharpness(alpha), alignment(found, edges(alpha)))


def scores(rgb: Rgb, mattes: Mapping[str, Alpha], families: Mapping[str, str]) -> dict[str, Score]:
    """The score of every matte of a picture, by its model; see `agreed` for `families`."""
    found = strength(rgb)
    return scored({model: described(rgb, matte, found) for model, matte in mattes.items()}, families)
