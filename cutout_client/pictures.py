"""What a caller may give as a picture, as the body of a request."""

import asyncio
import os
from collections.abc import Mapping
from typing import Any, BinaryIO, TypeAlias

Picture: TypeAlias = bytes | str | os.PathLike[str] | BinaryIO
"""A file's bytes, its path, an open file, or an http(s) address that the service fetches."""


async def picture_body(picture: Picture, fields: Mapping[str, object]) -> dict[str, Any]:
    """What httpx needs to send a picture and the other `fields` of a request; fields that are None are left out.

    Raises:
        OSError: the file cannot be read.
    """
    given = {name: value for name, value in fields.items() if value is not None}
    if isinstance(picture, str) and picture.startswith(("http://", "https://")):
        return {"json": {"image_url": picture, **given}}
    return {"files": {"image": ("image", await asyncio.to_thread(_read, picture))}, "data": given}


def _read(picture: Picture) -> bytes:
    if isinstance(picture, bytes):
        return picture
    if isinstance(picture, str | os.PathLike):
        with open(picture, "rb") as file:
            return file.read()
    return picture.read()
