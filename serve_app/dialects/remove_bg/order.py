"""Request -> order: checked fields, decoded pictures, and the part of the picture that the model sees."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from starlette.requests import Request

from cutout.errors import ValidationError
from cutout.limits import LimitsSpec
from cutout.pixels.decoding.decoder import Decoder
from cutout.pixels.finishing.placement import part
from cutout.pixels.picture import Picture
from cutout.pixels.plain import Box, Size
from fetching.fetch import Fetcher
from fetching.guard import checked_url
from serve_app.dialects.remove_bg.form import RemoveBgForm
from serve_app.dialects.remove_bg.subjects import for_type
from serve_app.dialects.remove_bg.values import Background
from serve_app.requests.bodies.base64_text import base64_bytes
from serve_app.requests.bodies.fields import FORM, JSON, MULTIPART, Wanted, checked, read_fields
from serve_app.requests.bodies.reading import too_large

WANTED = Wanted((MULTIPART, FORM, JSON), files=("image_file", "bg_image_file"), texts=("image_file_b64",))
SOURCES = ("image_file", "image_file_b64", "image_url")
URLS = ("image_url", "bg_image_url")
Fetchers: TypeAlias = Mapping[str, Fetcher]
"""By the field that has the address; errors name it."""
BACKGROUNDS = ("bg_color", "bg_image_url", "bg_image_file")


class Refused(ValidationError):
    """A refusal with a code of remove.bg's own."""

    def __init__(self, code: str, title: str, message: str) -> None:
        super().__init__(message, {"code": code, "title": title})
        self.code, self.title = code, title


@dataclass(frozen=True, slots=True)
class Order:
    """What one request asks for, its pictures fetched and decoded."""

    job_id: str
    form: RemoveBgForm
    picture: Picture
    background: Background
    region: Box | None
    """The only part of the picture in which the subject may be; None: all of it."""
    shown: Picture
    """The picture that the model sees: that region."""


async def read_form(request: Request, limits: LimitsSpec) -> RemoveBgForm:
    """The checked fields of a request.

    Raises:
        ValidationError: a field that is wrong, unknown, missing, or does not go with another.
        ImageTooLarge: more bytes than `limits.body_bytes`; the rest is not read.
    """
    form = checked(RemoveBgForm, for_type(await read_fields(request, limits, WANTED)))
    _check(form)
    return form


async def ordered(
    form: RemoveBgForm,
    job_id: str,
    fetchers: Fetchers,
    decoder: Decoder,
    limits: LimitsSpec,
    *,
    check_canvas: Callable[[Size], None],
) -> Order:
    """The order of a form; `check_canvas` raises for the size of a canvas that is too large.

    Raises:
        ValidationError: a picture that cannot be fetched or read, or a region that is empty or exceeds the picture.
        ImageTooLarge: a picture of too many bytes or pixels, or one whose result would have too many.
    """

    def check(size: Size) -> None:
        _region(form, size)
        check_canvas(form.arrangement().largest(size))

    data = await _picture(form, fetchers, limits)
    picture = await decoder.decode(data, check=check)
    region = _region(form, picture.size)
    background = await _background(form, fetchers, decoder)
    shown = await asyncio.to_thread(part, picture, region) if region else picture
    return Order(job_id, form, picture, background, region, shown)


def _check(form: RemoveBgForm) -> None:
    """Refuse fields that do not go together."""
    sources = [name for name in SOURCES if getattr(form, name) is not None]
    if not sources:
        raise Refused("missing_source", "No image given", f"One of {', '.join(SOURCES)} is expected")
    if len(sources) > 1:
        message = f"Only one of {', '.join(SOURCES)} is expected, not {' and '.join(sources)}"
        raise Refused("multiple_sources", "Multiple image sources given", message)
    backgrounds = [name for name in BACKGROUNDS if getattr(form, name) is not None]
    if len(backgrounds) > 1:
        message = f"Only one of {', '.join(BACKGROUNDS)} is expected, not {' and '.join(backgrounds)}"
        raise Refused("multiple_bg_sources", "Multiple background sources given", message)
    if form.channels == "alpha" and (backgrounds or form.format == "zip"):
        what = "format zip, which holds it already" if form.format == "zip" else backgrounds[0]
        raise ValidationError.of_field("channels", f"channels: alpha alone does not go with {what}", "alpha")


async def _picture(form: RemoveBgForm, fetchers: Fetchers, limits: LimitsSpec) -> bytes:
    if form.image_url:
        data = await _fetched(fetchers, "image_url", form.image_url, "failed_image_download")
    elif form.image_file_b64:
        data = await asyncio.to_thread(base64_bytes, form.image_file_b64, "image_file_b64")
    else:
        data = form.image_file or b""
    if len(data) > limits.body_bytes:
        raise too_large(limits.body_bytes)
    return data


async def _background(form: RemoveBgForm, fetchers: Fetchers, decoder: Decoder) -> Background:
    if form.bg_image_url:
        data = await _fetched(fetchers, "bg_image_url", form.bg_image_url, "failed_bg_download")
        return await decoder.decode(data, "bg_image_url")
    if form.bg_image_file is not None:
        return await decoder.decode(form.bg_image_file, "bg_image_file")
    return form.bg_color


async def _fetched(fetchers: Fetchers, field: str, url: str, code: str) -> bytes:
    checked_url(url, field)
    try:
        return await fetchers[field].fetch(url)
    except ValidationError as failed:
        raise Refused(code, f"Failed to download image from given {field}", failed.message) from failed


def _region(form: RemoveBgForm, size: Size) -> Box | None:
    if form.roi is None:
        return None
    box = form.roi.within(size)
    if box.width <= 0 or box.height <= 0:
        raise Refused("roi_region_empty", "ROI region is empty", "The given roi is empty: x1 < x2 and y1 < y2 expected")
    if box.right > size.width or box.bottom > size.height:
        message = f"The given roi reaches beyond the image, which has {size.width} x {size.height} pixels"
        raise Refused("roi_exceeds_bounds", "ROI exceeds image bounds", message)
    return box
