"""JSON that carries pictures."""

import base64
import json
import uuid
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

CHUNK_BYTES = 1024 * 1024


def json_parts(content: Any) -> list[bytes]:
    """JSON in parts, to be sent one after the other; bytes in `content` become base64 text.

    A picture's base64 is a part of its own, and never copied into one large string.
    """
    mark, pictures = uuid.uuid4().hex, list[bytes]()

    def placeholder(value: object) -> str:
        if not isinstance(value, bytes):
            raise TypeError(f"{type(value).__name__} cannot be written as JSON")
        pictures.append(base64.b64encode(value))
        return mark

    texts = json.dumps(content, default=placeholder, separators=(",", ":")).encode().split(mark.encode())
    return [texts[0]] + [part for pair in zip(pictures, texts[1:], strict=True) for part in pair]


class PicturesResponse(Response):
    """JSON with pictures, sent in chunks."""

    media_type = "application/json"

    def __init__(self, content: Any, status_code: int = 200) -> None:
        self._parts = json_parts(content)
        super().__init__(None, status_code, {"Content-Length": str(sum(map(len, self._parts)))})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        """Send the parts, none larger than CHUNK_BYTES."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for part in self._parts:
            view = memoryview(part)
            for start in range(0, len(view), CHUNK_BYTES):
                chunk = bytes(view[start : start + CHUNK_BYTES])
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
