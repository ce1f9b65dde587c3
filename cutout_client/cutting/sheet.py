"""A contact sheet of a photograph's cutouts, which names the best of them."""

from collections.abc import Mapping, Sequence

from cutout.limits import LimitsSpec
from cutout.pixels.contact_sheet import Panel, contact_sheet
from cutout.pixels.decoding.picture_file import decode
from cutout.pixels.encoding.encode import encode
from cutout.pixels.ground import shown
from cutout.pixels.mattes.measure import scores
from cutout.pixels.mattes.score import best
from cutout.pixels.types import Rgba
from cutout_client.results import CutoutResult

TITLE_CHARS = 40
"""As many of a photograph's name fit its panel."""


def sheet(name: str, image: bytes, results: Sequence[CutoutResult], families: Mapping[str, str]) -> bytes:
    """A PNG: the photograph with its name, and every result; of several, the best by its score is named.

    `families` are those of the models, as in cutout/pixels/mattes/agreement.py.

    Raises:
        InvalidFormat, ImageTooLarge: the photograph cannot be read.
    """
    photograph = decode(image, LimitsSpec())
    cutouts = {one.model_id: decode(one.image, LimitsSpec()).rgba() for one in results if one.image}
    mattes = {model: rgba[..., 3] for model, rgba in cutouts.items()}
    winner = best(scores(shown(photograph), mattes, families)) if len(mattes) > 1 else None
    title = name if len(name) <= TITLE_CHARS else f"{name[: TITLE_CHARS - 1]}…"
    panels = [_panel(one, cutouts.get(one.model_id), is_best=one.model_id == winner) for one in results]
    return encode(contact_sheet([Panel(title, "the photograph", photograph.rgba()), *panels]), "png")


def _panel(result: CutoutResult, rgba: Rgba | None, *, is_best: bool) -> Panel:
    if rgba is None:
        return Panel(result.model_name, result.error or "no picture", None)
    price = f"{result.cost_usd:g} USD" if result.cost_usd else "free"
    title = f"Best: {result.model_name}" if is_best else result.model_name
    return Panel(title, f"{result.processing_time_ms:,.0f} ms, {price}, {result.licence}", rgba)
