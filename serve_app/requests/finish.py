"""Fields of a request -> the finish of its cutouts; and a finish as it is kept with a durable job."""

import asyncio
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from cutout.errors import ValidationError
from cutout.limits import LimitsSpec
from cutout.pixels.crop import Length, Margin
from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.encoding.encode import encode
from cutout.pixels.finish import Finish, check_format, colour
from cutout.pixels.picture import Picture
from cutout.pixels.types import MEDIA_TYPES, Colour, OutputFormat
from cutout.service import FetchSpec
from fetching.fetch import Fetcher
from serve_app.contract import FinishForm
from serve_app.requests.accept import JSON, Reply, reply_to
from serve_app.requests.bodies.base64_text import base64_bytes
from serve_app.requests.bodies.reading import too_large

URL_FIELD = "background_url"
BEHIND: Colour = (255, 255, 255)
"""Stands for a background that has not been read yet."""


class Finishes:
    """Makes finishes; a background's picture is read by the same rules as the caller's own."""

    def __init__(self, fetching: FetchSpec, limits: LimitsSpec, decoder: Decoder) -> None:
        self._decoder = decoder
        self._limits = limits
        self._fetcher = Fetcher(fetching, limits.body_bytes, field=URL_FIELD)

    async def of(self, form: FinishForm) -> Finish | None:
        """What a form asks for; None when a cutout stays as it is.

        Raises:
            ValidationError, InvalidFormat, ImageTooLarge: a background that is none; the details name the field.
        """
        finish = _look(form)
        if finish.background is not None:
            finish = replace(finish, background=await self._background(form))
        return None if finish.is_plain else finish

    async def close(self) -> None:
        """Close what is still open."""
        await self._fetcher.close()

    async def _background(self, form: FinishForm) -> Colour | Picture:
        if form.background_url is not None:
            return await self._picture(await self._fetcher.fetch(form.background_url), URL_FIELD)
        given = await asyncio.to_thread(given_background, form)
        return await self._picture(given, "background") if isinstance(given, bytes) else given or BEHIND

    async def _picture(self, data: bytes, field: str) -> Picture:
        if len(data) > self._limits.body_bytes:
            raise too_large(self._limits.body_bytes, field)
        return await self._decoder.decode(data, field)


def reply_of(accept: str, form: FinishForm, offered: tuple[str, ...]) -> Reply:
    """The form of the answer to a request that asks for a finish, checked before anything is fetched or run.

    Raises:
        ValidationError: fields that do not go together; the details name one.
    """
    finish = _look(form)
    asked: OutputFormat | None = form.output_format if "output_format" in form.model_fields_set else None
    possible = [name for name in MEDIA_TYPES if name != "jpeg" or finish.background is not None]
    reply = reply_to(accept, offered, asked, possible, Reply(JSON, form.output_format))
    check_format(finish, reply.output_format)
    if reply.kind == "picture" and finish.output_type == "both":
        message = "output_type: both is two pictures; an Accept of application/json or application/zip is expected"
        raise ValidationError.of_field("output_type", message, "both")
    return reply


def given_background(form: FinishForm) -> Colour | bytes | None:
    """The background that a form brings itself: a colour, or a picture's file.

    Raises:
        ValidationError: neither.
    """
    given = form.background
    if given is None or isinstance(given, bytes):
        return given
    try:
        return colour(given) or base64_bytes(given, "background")
    except ValidationError as neither:
        message = "background: a colour such as #ff8800, a CSS colour name, or a picture in base64 is expected"
        raise ValidationError.of_field("background", message, given[:32]) from neither


def kept_finish(finish: Finish, background: str | None) -> dict[str, Any]:
    """A finish as JSON; `background` is the name under which its picture is kept, if it has one."""
    bare = asdict(replace(finish, background=None))
    behind = finish.background
    return bare | {"background": background if isinstance(behind, Picture) else behind}


def finish_of(data: Mapping[str, Any], background: Picture | None = None) -> Finish:
    """The finish that `kept_finish` wrote, with the picture that was kept."""
    behind = data["background"]
    sides = {side: Length(**length) for side, length in data["margin"].items()}
    given: Any = background if isinstance(behind, str) else behind and tuple(behind)
    return Finish(data["output_type"], given, data["crop"], Margin(**sides))


def background_file(background: Picture) -> bytes:
    """The picture behind a cutout as a file to be kept."""
    return encode(background.on_white(), "png")


def _look(form: FinishForm) -> Finish:
    """The finish but for what lies behind; whether something does is known."""
    if form.background is not None and form.background_url is not None:
        raise ValidationError.of_field(URL_FIELD, "Only one of background and background_url is expected")
    if form.crop_margin is not None and not form.crop:
        raise ValidationError.of_field("crop_margin", "crop_margin: crop: true is expected with it")
    margin = Margin() if form.crop_margin is None else Margin.of(form.crop_margin)
    some = form.background is not None or form.background_url is not None
    return Finish(form.output_type, BEHIND if some else None, form.crop, margin)
