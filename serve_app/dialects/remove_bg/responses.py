"""Responses in remove.bg's form: a picture or JSON, with facts about it in headers."""

from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from cutout.pixels.density import times
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.pixels.finishing.placement import arranged, put_back
from cutout.pixels.finishing.shadow import shadowed
from cutout.pixels.finishing.solid import solid
from cutout.pixels.picture import with_alpha
from cutout.pixels.plain import Box, Size
from cutout.results import CutoutPixels
from serve_app.dialects.remove_bg.files import written
from serve_app.dialects.remove_bg.order import Order, Refused
from serve_app.responses.bodies import PicturesResponse

HEADERS: Final = {
    "X-Type": "The `type` that was asked for, else `other`; not with `type_level` `none`.",
    "X-Width": "Of the result, in pixels.",
    "X-Height": "Of the result, in pixels.",
    "X-Credits-Charged": "What the model charged; a credit is one US dollar.",
    "X-Foreground-Top": "First row of the subject in the result.",
    "X-Foreground-Left": "First column of the subject in the result.",
    "X-Foreground-Width": "Of the subject, in pixels.",
    "X-Foreground-Height": "Of the subject, in pixels.",
    "X-Job-Id": "For logging a pick.",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A result in remove.bg's form."""

    content: bytes
    media_type: str
    size: Size
    box: Box
    """The subject within the picture."""
    kind: str | None
    """X-Type; None: no such header."""
    credits_charged: float
    """In USD: one credit is one dollar."""
    job_id: str

    def headers(self) -> dict[str, str]:
        """Facts about the result, as headers."""
        facts = {
            "X-Width": self.size.width, "X-Height": self.size.height, "X-Credits-Charged": f"{self.credits_charged:g}",
            "X-Foreground-Top": self.box.top, "X-Foreground-Left": self.box.left,
            "X-Foreground-Width": self.box.width, "X-Foreground-Height": self.box.height, "X-Job-Id": self.job_id,
        }  # fmt: skip
        return {name: str(value) for name, value in facts.items()} | ({"X-Type": self.kind} if self.kind else {})

    def response(self, as_json: bool) -> Response:
        """The picture's own bytes, or JSON with them."""
        if not as_json:
            return Response(self.content, 200, self.headers(), self.media_type)
        box = {"foreground_top": self.box.top, "foreground_left": self.box.left}
        box |= {"foreground_width": self.box.width, "foreground_height": self.box.height}
        response = PicturesResponse({"data": {"result_b64": self.content, **box}})
        response.headers.update(self.headers())
        return response


def answer(order: Order, cutout: CutoutPixels, encoding: EncodeSpec) -> Answer:
    """The response to an order, of its model's cutout.

    Raises:
        Refused: there is no subject in it.
    """
    form, rgba = order.form, cutout.rgba
    if order.region:
        rgba = put_back(rgba, order.region, order.picture.size)
    if not form.semitransparency:
        rgba = with_alpha(rgba[..., :3], solid(rgba[..., 3]))
    result = arranged(rgba, form.arrangement())
    if result is None:
        message = "No subject was found in the image"
        raise Refused("unknown_foreground", "Could not identify foreground in image", message)
    dpi = times(order.picture.dpi, result.scale)
    shadow = form.shadow()
    pixels = shadowed(result.rgba, shadow) if shadow else result.rgba
    content, media_type = written(pixels, order.background, form, encoding, dpi)
    kind = None if form.type_level == "none" else "other" if form.type == "auto" else form.type
    height, width = pixels.shape[:2]
    return Answer(content, media_type, Size(width, height), result.box, kind, cutout.cost_usd, order.job_id)
