"""POST /batches -> one frozen value. Files are handed on one by one as they arrive: a batch is not held in memory."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeAlias

from starlette.requests import Request

from cutout.errors import ImageTooLarge, MissingImage, ValidationError
from cutout.jobs import new_id
from cutout.models.registry import Registry
from cutout.models.selection import CHOICES
from cutout.removal import Removal
from serve_app.contract import BatchForm
from serve_app.requests.accept import JSON
from serve_app.requests.amounts import check_amount, too_heavy
from serve_app.requests.asked import AskedBatch, BatchItem
from serve_app.requests.bodies.fields import JSON as JSON_BODY
from serve_app.requests.bodies.fields import MULTIPART, Wanted, checked, listed, merged, with_query
from serve_app.requests.bodies.json_body import json_pairs
from serve_app.requests.bodies.multipart import MOST_PARTS, Parts, each_part
from serve_app.requests.bodies.reading import FIELDS_BYTES, media_type, most_bytes, read_body
from serve_app.requests.finish import finish_reply, read_finish
from serve_app.requests.forms import check_webhook, known_models, terms
from serve_app.requests.item_names import address_name, item_name
from serve_app.requests.later import batch_fingerprint

FILES: Final = "images"
BACKGROUND: Final = ("background",)
WANTED: Final = Wanted((JSON_BODY, MULTIPART), BACKGROUND, BACKGROUND)
ITEM_BYTES: Final = 2048
"""Most bytes of a body for each item beside its picture: the head of its part, or its address; on average."""

Keep: TypeAlias = Callable[[str, bytes], Awaitable[str]]
"""Stores the picture of a job, and returns its name in the store."""


class BatchReader:
    """Reads the requests for batches of one service."""

    def __init__(self, registry: Registry) -> None:
        self._limits = registry.service.limits
        self._spec = registry.service.jobs.batch
        self._known = registry.models
        self._presets = registry.presets

    async def read(self, request: Request, batch_id: str, keep: Keep) -> AskedBatch:
        """A batch; each file is kept as soon as it is here, also when the request is refused later.

        Raises:
            ValidationError: wrong content type, form or field, or too many pictures.
            MissingImage: no picture.
            UnsupportedMediaType: a body that is compressed.
            ImageTooLarge: a file of more than `limits.body_bytes`, or all together of more than a batch may have.
        """
        files, values = await self._read(request, keep)
        form = checked(BatchForm, values)
        items = self._items(form, files)
        models = known_models(form.include_models, (*CHOICES, *self._known), "include_models")
        output_format = finish_reply(JSON, form, ()).output_format
        check_webhook(form)
        finish = await read_finish(form, self._limits, self._presets)
        return AskedBatch(
            id=batch_id,
            items=items,
            source=form.source,
            prefix=form.prefix,
            models=models,
            factor=form.upscale_factor,
            method=form.method,
            finish=finish,
            removal=Removal(form.transparency_handling, refine=form.refine),
            terms=terms(form),
            output_format=output_format,
            key=request.state.key,
            fingerprint=await asyncio.to_thread(batch_fingerprint, form, items, finish.background),
            webhook_url=form.webhook_url,
            webhook_secret=form.webhook_secret,
        )

    async def _read(self, request: Request, keep: Keep) -> tuple[list[BatchItem], dict[str, Any]]:
        """The files, and the other fields."""
        kind = media_type(request)
        if kind == MULTIPART:
            return await self._multipart(request, keep)
        if kind == JSON_BODY:
            return [], await self._json(request)
        message = f"Content type expected: {', '.join(WANTED.kinds)}"
        raise ValidationError.of_field("Content-Type", message, kind or "none")

    async def _json(self, request: Request) -> dict[str, Any]:
        limit_bytes = most_bytes(self._limits) + self._fields_bytes
        too_long = ValidationError.of_field("body", f"A body of at most {limit_bytes} bytes is expected")
        body = await read_body(request, limit_bytes, lambda: too_long)
        pairs = await asyncio.to_thread(json_pairs, body, BACKGROUND, self._fields_bytes)
        values = with_query(request, merged(pairs), WANTED)
        if FILES in values:
            raise _not_a_file()
        return values

    async def _multipart(self, request: Request, keep: Keep) -> tuple[list[BatchItem], dict[str, Any]]:
        most_parts = self._spec.most_items + MOST_PARTS
        parts = Parts(self._limits, (FILES, *BACKGROUND), BACKGROUND, most_parts, self._fields_bytes)
        limit_bytes = self._spec.most_bytes + most_bytes(self._limits) + self._fields_bytes
        items, pairs, total_bytes = list[BatchItem](), list[tuple[str, Any]](), 0
        async for part in each_part(request, parts, limit_bytes, self._too_heavy):
            value = part.value
            if part.name != FILES:
                pairs.append((part.name, value))
            elif isinstance(value, str):
                raise _not_a_file()
            elif value is not None:
                number, total_bytes = len(items) + 1, total_bytes + len(value)
                check_amount(FILES, self._spec, number, total_bytes)
                name, job_id = item_name(part.filename.decode(errors="replace"), number), new_id()
                items.append(BatchItem(job_id, name, "file", await keep(job_id, value)))
        return items, with_query(request, merged(listed(pairs)), WANTED)

    def _items(self, form: BatchForm, files: Sequence[BatchItem]) -> tuple[BatchItem, ...]:
        """The pictures of a request, but for those of a source."""
        given = [name for name in (files and FILES, form.image_urls and "image_urls", form.source and "source") if name]
        if not given:
            raise MissingImage(f"One of {FILES}, image_urls and source is required", {"field": FILES})
        if len(given) > 1:
            raise ValidationError.of_field(given[1], f"Only one of {' and '.join(given)} is expected")
        if form.prefix and not form.source:
            raise ValidationError.of_field("prefix", "prefix: a source is expected with it")
        urls = form.image_urls or ()
        check_amount("image_urls", self._spec, len(urls))
        addresses = (
            BatchItem(new_id(), address_name(url, number), "address", url) for number, url in enumerate(urls, 1)
        )
        return (*files, *addresses)

    @property
    def _fields_bytes(self) -> int:
        return FIELDS_BYTES + self._spec.most_items * ITEM_BYTES

    def _too_heavy(self) -> ImageTooLarge:
        return too_heavy(FILES, self._spec)


def _not_a_file() -> ValidationError:
    return ValidationError.of_field(FILES, f"{FILES}: files in parts of multipart/form-data are expected")
