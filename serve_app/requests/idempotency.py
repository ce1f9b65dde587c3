"""Repeated requests: the caller's Idempotency-Key, and what makes two requests the same."""

import hashlib
import json
from typing import Any, Final

from starlette.requests import Request

from cutout.errors import ValidationError
from cutout.jobs import Job
from serve_app.contract import DurableForm, FinishForm
from serve_app.requests.finish import given_background

KEY: Final = "Idempotency-Key"
KEY_CHARS = 255


def idempotency_key(request: Request) -> str | None:
    """The caller's own name for what he wants done once; raises ValidationError for one that is too odd."""
    key = request.headers.get(KEY)
    if key is not None and not (0 < len(key) <= KEY_CHARS and key.isascii() and key.isprintable()):
        raise ValidationError.of_field(KEY, f"{KEY}: 1 to {KEY_CHARS} printable ASCII characters expected")
    return key


def fingerprint(form: DurableForm, job: Job) -> str:
    """Of everything that a request asks for; the same by whatever content type it came, JSON or multipart."""
    fields = form.model_dump(mode="json", exclude={"image", "background"})
    fields |= {"endpoint": type(form).__name__, "output_format": job.output_format}
    behind: Any = given_background(form) if isinstance(form, FinishForm) else None
    behind = _digest(behind) if isinstance(behind, bytes) else behind
    picture = None if form.image_url else _digest(job.image)
    return _digest(json.dumps([fields, picture, behind], sort_keys=True).encode())


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
