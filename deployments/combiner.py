"""The combiner: makes one cutout, `fused`, of the mattes of several models."""

import asyncio
from collections.abc import Mapping

from cutout.errors import CutoutError
from cutout.models.selection import FUSED
from cutout.models.status import EngineReport
from cutout.pixels.composite import compose
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.ground import shown
from cutout.pixels.mattes.fuse import Fused, fused
from cutout.pixels.mattes.measure import described
from cutout.pixels.mattes.score import Score
from cutout.pixels.picture import Picture
from cutout.pixels.types import Alpha, Matte
from cutout.removal import Removal
from cutout.results import C, Cutout, Failure, Form
from cutout.telemetry.spans import Spans

ENGINE = EngineReport("scipy", "CPU")


class Combiner:
    """Combines mattes, each picture in a thread."""

    def __init__(self, encoding: EncodeSpec) -> None:
        self._encoding = encoding

    async def combine(
        self, picture: Picture, removal: Removal, form: Form[C], scores: Mapping[str, Score], *mattes: Alpha
    ) -> C | Failure:
        """The cutout `fused` of a picture, made as `removal` says and returned in that form; it costs nothing.

        `scores` are of the models, of which there is at least one; `mattes` has the alpha of each model's cutout in
        that order, (H, W), bytes.
        """
        by_model = dict(zip(scores, mattes, strict=True))
        try:
            return await asyncio.to_thread(self._combined, removal.input(picture), removal, form, scores, by_model)
        except CutoutError as error:
            return Failure.of(FUSED, error)

    def _combined(
        self,
        picture: Picture,
        removal: Removal,
        form: Form[C],
        scores: Mapping[str, Score],
        mattes: Mapping[str, Alpha],
    ) -> C:
        spans, rgb = Spans(), shown(picture)
        own = removal.matte_without_model(picture)
        with spans.timed("fuse"):
            made = Fused(own.alpha, tuple(scores)) if own else fused(rgb, mattes, scores, picture.edge_strength)
        matte = own or Matte(made.alpha)
        with spans.timed("composite"):
            rgba = compose(picture, matte, removal.decontaminate)
        with spans.timed("measure"):
            descriptor = described(rgb, rgba[..., 3], picture.edge_strength)
        cutout = Cutout(
            FUSED, picture.size, 0.0, ENGINE, dict(spans), matte.note, descriptor=descriptor, sources=made.sources
        )
        return form.picture(cutout, rgba, picture.dpi, self._encoding)
