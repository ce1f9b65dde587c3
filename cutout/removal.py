"""How a cutout is made: the options of a removal beside its picture."""

from dataclasses import dataclass

from cutout.pixels.picture import Picture
from cutout.pixels.plain import TransparencyHandling
from cutout.pixels.types import Matte

RETURNED_NOTE = "The picture is transparent already; it was returned with its own transparency, and no model ran."


@dataclass(frozen=True, slots=True)
class Removal:
    """How a cutout is made of a picture and a matte."""

    transparency: TransparencyHandling = "intersect_alpha"
    decontaminate: bool = True
    """Estimate the subject's own colour under soft alpha, where the model gives none."""
    refine: bool = False
    """Solve the matte's uncertain band against the picture, unless the model brings colours of its own: they fit its
    own alpha."""
    compared: bool = False
    """Measure the cutout for a comparison with others of the same picture."""
    with_matte: bool = False
    """Return the cutout's alpha beside it, where the combiner can reach it."""

    def input(self, picture: Picture) -> Picture:
        """The picture as the model is given it."""
        if self.transparency != "discard_alpha_layer":
            return picture
        return Picture(picture.rgb, dpi=picture.dpi, edge_strength=picture.edge_strength)

    def matte_without_model(self, picture: Picture) -> Matte | None:
        """The picture's own alpha, at no cost, if no model is to run; else None."""
        if self.transparency != "return_input_if_non_opaque" or picture.alpha is None:
            return None
        return Matte(picture.alpha, cost_usd=0.0, note=RETURNED_NOTE)


AS_USUAL = Removal()
"""What a request that says nothing of it gets."""
