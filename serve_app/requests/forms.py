"""Request -> a checked form and its picture, from JSON, multipart/form-data or a raw body, and from the query."""

import asyncio
from collections.abc import Collection, Iterable
from typing import TypeVar

from starlette.requests import Request

from cutout.errors import MissingImage, ValidationError
from cutout.jobs import Terms
from cutout.limits import LimitsSpec
from cutout.models.selection import ALL, AUTO, CHOICES, FUSED
from cutout.pixels.mended import bare_matte
from fetching.guard import checked_url
from serve_app.contract import ComposeForm, DurableForm, EditForm, Form, PickForm, PictureForm, TermsForm, WebhookForm
from serve_app.contract.webhook_signature import FIELD, SECRET_FIELD, check_secret
from serve_app.requests.accept import Reply
from serve_app.requests.asked import GivenPicture, PictureSource, RemotePicture
from serve_app.requests.bodies.base64_text import base64_bytes
from serve_app.requests.bodies.fields import JSON as JSON_BODY
from serve_app.requests.bodies.fields import MULTIPART, Wanted, checked, read_fields, with_query
from serve_app.requests.bodies.reading import check_bytes, media_type, read_body, too_large

F = TypeVar("F", bound=PictureForm)
J = TypeVar("J", bound=Form)
EXPECTED = "application/json, multipart/form-data, or a picture's own bytes as image/* or application/octet-stream"
PICTURES = ("image", "background", "mask")
PICK = "pick"


async def read_form(request: Request, form: type[F], limits: LimitsSpec) -> tuple[F, PictureSource]:
    """The checked fields of a request, and its picture.

    Raises:
        ValidationError: wrong content type, form or field; the details name the field.
        MissingImage: neither picture nor address.
        UnsupportedMediaType: a body that is compressed.
        ImageTooLarge: a picture of more bytes than `limits.body_bytes`; the rest is not read.
    """
    kind, wanted = media_type(request), _wanted(form)
    if kind.startswith("image/") or kind == "application/octet-stream":
        image = await read_body(request, limits.body_bytes, lambda: too_large(limits.body_bytes))
        values = with_query(request, {"image": image} if image else {}, wanted)
    elif kind in wanted.kinds:
        values = await read_fields(request, limits, wanted)
    else:
        raise ValidationError.of_field("Content-Type", f"Content type expected: {EXPECTED}", kind or "none")
    fields = checked(form, values)
    return fields, await asyncio.to_thread(_picture, fields, limits)


async def read_compose(request: Request, limits: LimitsSpec) -> ComposeForm:
    """The checked fields of a request that brings no picture but a background; raises as `read_form`."""
    return checked(ComposeForm, await read_fields(request, limits, _wanted(ComposeForm)))


async def read_edit(request: Request, limits: LimitsSpec) -> tuple[str, bytes]:
    """The model, and a PNG of the bare samples of the mask; raises as `read_form`, and InvalidFormat for others."""
    form = checked(EditForm, await read_fields(request, limits, _wanted(EditForm)))
    return form.model_id, await asyncio.to_thread(_mask, form, limits)


async def read_json(request: Request, form: type[J]) -> J:
    """A JSON request without a picture; raises as `read_form`."""
    return checked(form, await read_fields(request, LimitsSpec(), Wanted((JSON_BODY,))))


def known_models(asked: Iterable[str], known: Iterable[str], field: str) -> tuple[str, ...]:
    """The ids asked for, each once, in the order asked.

    Raises:
        ValidationError: an id is unknown; the message names it and the known ones. Or `auto` has others beside it, but
            for `fused`.
    """
    known = tuple(known)
    asked = tuple(dict.fromkeys(asked))
    for model_id in asked:
        if model_id != ALL and model_id not in known:
            raise ValidationError.of_field(
                field, f"Unknown model {model_id[:64]!r}. Known: all, {', '.join(known)}", model_id
            )
    if AUTO in asked and not {AUTO, FUSED}.issuperset(asked):
        message = f"{field}: {AUTO} chooses among all models; no other is expected with it, only {FUSED}"
        raise ValidationError.of_field(field, message)
    return asked


def terms(form: TermsForm) -> Terms:
    """The caller's terms, in seconds and dollars."""
    deadline_s = None if form.deadline_ms is None else form.deadline_ms / 1000
    return Terms(form.max_cost_usd, deadline_s, form.local_only, form.commercial_only)


def check_delivery(form: DurableForm, reply: Reply) -> None:
    """Refuse a response format or a webhook that does not go with the rest; raises ValidationError with the field."""
    if form.response_format != "base64" and reply.kind in ("picture", "zip"):
        message = f"response_format: {form.response_format} is of JSON, and Accept takes none"
        raise ValidationError.of_field("response_format", message, form.response_format)
    check_webhook(form)


def check_webhook(form: WebhookForm) -> None:
    """Refuse a webhook to no address, or with no secret; raises ValidationError with the field."""
    if form.webhook_url is not None:
        checked_url(form.webhook_url, FIELD)
    if form.webhook_secret is not None:
        if form.webhook_url is None:
            raise ValidationError.of_field(SECRET_FIELD, f"{SECRET_FIELD}: a webhook_url is expected with it")
        check_secret(form.webhook_secret)


def check_pick(form: PickForm, models: Collection[str], reply: Reply, *, durable: bool) -> None:
    """Refuse a pick where no winner is chosen; raises ValidationError that names `pick` or `image_category`."""
    if form.pick and reply.kind != "picture":
        message = "pick: an Accept of one picture, such as image/png, is expected with it"
        raise ValidationError.of_field(PICK, message, form.pick)
    if form.pick and durable:
        message = "pick: the others are called off, so it does not go with Idempotency-Key, Prefer or webhook_url"
        raise ValidationError.of_field(PICK, message, form.pick)
    if form.pick and (judged := next((name for name in CHOICES if name in models), None)):
        message = f"pick: with {judged} the best is picked by its score; none is expected"
        raise ValidationError.of_field(PICK, message, form.pick)
    if form.image_category is not None and form.pick != "best":
        raise ValidationError.of_field("image_category", "image_category: pick: best is expected with it")


def given_picture(form: PictureForm, limits: LimitsSpec) -> GivenPicture:
    """The picture that a form carries.

    Raises:
        MissingImage: there is none.
        ValidationError: a text that is not base64.
        ImageTooLarge: more bytes than `limits.body_bytes`.
    """
    given = form.image
    if given is None:
        raise MissingImage("Either image or image_url is required", {"field": "image"})
    image = base64_bytes(given, "image") if isinstance(given, str) else given
    check_bytes(image, limits, "image")
    return GivenPicture(image, "image")


def _mask(form: EditForm, limits: LimitsSpec) -> bytes:
    mask = base64_bytes(form.mask, "mask") if isinstance(form.mask, str) else form.mask
    check_bytes(mask, limits, "mask")
    return bare_matte(mask, "mask")


def _picture(form: PictureForm, limits: LimitsSpec) -> PictureSource:
    if form.image_url is None:
        return given_picture(form, limits)
    if form.image is not None:
        raise ValidationError.of_field("image_url", "Only one of image and image_url is expected")
    return RemotePicture(form.image_url, "image_url")


def _wanted(form: type[Form]) -> Wanted:
    pictures = tuple(name for name in PICTURES if name in form.model_fields)
    return Wanted((JSON_BODY, MULTIPART), pictures, pictures)
