"""The fields of a finish -> one complete value, but for a background that is a picture."""

import asyncio
from collections.abc import Mapping

from cutout.errors import ValidationError
from cutout.limits import LimitsSpec
from cutout.pixels.crop import Margin
from cutout.pixels.finish import Edge, Finish, check_format, check_screen, colour
from cutout.pixels.plain import MEDIA_TYPES, Colour, OutputFormat
from cutout.presets import PresetSpec, canvas_of
from serve_app.contract import FinishForm
from serve_app.requests.accept import JSON, Reply, reply_to
from serve_app.requests.asked import AskedFinish, GivenPicture, PictureSource, RemotePicture
from serve_app.requests.bodies.base64_text import base64_bytes
from serve_app.requests.bodies.reading import check_bytes

URL_FIELD = "background_url"
BLUR = "blur"
"""As a background: the photograph itself, blurred."""


async def read_finish(form: FinishForm, limits: LimitsSpec, presets: Mapping[str, PresetSpec]) -> AskedFinish:
    """The finish of a form; raises as `background_source` and `asked_finish`."""
    if isinstance(form.background, str):  # perhaps megabytes of base64
        background = await asyncio.to_thread(background_source, form, limits)
    else:
        background = background_source(form, limits)
    return asked_finish(form, background, presets)


def asked_finish(
    form: FinishForm, background: Colour | PictureSource | None, presets: Mapping[str, PresetSpec]
) -> AskedFinish:
    """The finish of a form; raises ValidationError for a margin, a canvas or a screen that is none."""
    canvas = canvas_of(form.canvas, form.inches, form.dpi, form.least_dpi, presets)
    finish = Finish(
        output_type=form.output_type,
        background=background if isinstance(background, tuple) else None,
        crop=form.crop,
        margin=Margin() if form.crop_margin is None else Margin.of(form.crop_margin),
        blur=is_blur(form),
        canvas=canvas.size,
        fit=form.fit,
        edge=Edge(form.edge_choke, form.edge_feather),
        shadow_percent=form.shadow,
        quality=form.quality,
        dpi=canvas.dpi,
        least_dpi=canvas.least_dpi,
        alpha=form.alpha,
        halftone_lpi=form.halftone_lpi,
    )
    check_screen(finish)
    return AskedFinish(finish, None if isinstance(background, tuple) else background)


def is_blur(form: FinishForm) -> bool:
    """Whether the background is the blurred photograph."""
    return isinstance(form.background, str) and form.background.strip().lower() == BLUR


def finish_reply(accept: str, form: FinishForm, offered: tuple[str, ...]) -> Reply:
    """The form of the answer to a request that asks for a finish.

    Raises:
        ValidationError: fields that do not go together; the details name one.
    """
    if form.background is not None and form.background_url is not None:
        raise ValidationError.of_field(URL_FIELD, "Only one of background and background_url is expected")
    has_canvas = form.canvas is not None or form.inches is not None
    if form.crop_margin is not None and not (form.crop or has_canvas):
        raise ValidationError.of_field("crop_margin", "crop_margin: crop: true or a canvas is expected with it")
    if form.fit != "fit" and not has_canvas:
        raise ValidationError.of_field("fit", "fit: a canvas or inches are expected with it", form.fit)
    if form.shadow and form.output_type == "mask":
        raise ValidationError.of_field("shadow", "shadow: a mask has none; output_type cutout or both expected")
    has_background = form.background is not None or form.background_url is not None
    asked: OutputFormat | None = form.output_format if "output_format" in form.model_fields_set else None
    possible = [name for name in MEDIA_TYPES if name != "jpeg" or has_background]
    reply = reply_to(accept, offered, asked, possible, Reply(JSON, form.output_format))
    check_format(form.output_type, reply.output_format, has_background=has_background)
    if form.quality is not None and reply.output_format == "png":
        message = "quality: png is lossless; output_format webp, avif or jpeg is expected with it"
        raise ValidationError.of_field("quality", message, form.quality)
    if reply.kind == "picture" and form.output_type == "both":
        message = "output_type: both is two pictures; an Accept of application/json or application/zip is expected"
        raise ValidationError.of_field("output_type", message, "both")
    return reply


def background_source(form: FinishForm, limits: LimitsSpec) -> Colour | PictureSource | None:
    """The background that a form asks for: a colour, a picture's file, or its address; None for the blurred photograph.

    Raises:
        ValidationError: a text that is neither a colour nor base64.
        ImageTooLarge: a picture of more bytes than `limits.body_bytes`.
    """
    if form.background_url is not None:
        return RemotePicture(form.background_url, URL_FIELD)
    if is_blur(form):
        return None
    given = _colour_or_file(form.background) if isinstance(form.background, str) else form.background
    if not isinstance(given, bytes):
        return given
    check_bytes(given, limits, "background")
    return GivenPicture(given, "background")


def _colour_or_file(text: str) -> Colour | bytes:
    try:
        return colour(text) or base64_bytes(text, "background")
    except ValidationError as neither:
        message = "background: a colour such as #ff8800, a CSS colour name, or a picture in base64 is expected"
        raise ValidationError.of_field("background", message, text[:32]) from neither
