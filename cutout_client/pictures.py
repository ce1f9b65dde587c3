"""Turns pictures and fields into the body of a request."""

import asyncio
import base64
import os
from collections.abc import Mapping
from typing import Any, BinaryIO, TypeAlias

File: TypeAlias = bytes | os.PathLike[str] | BinaryIO
Picture: TypeAlias = File | str
"""A file's bytes, its path, an open file, or an http(s) address that the service fetches."""
Background: TypeAlias = File | str
"""A colour, as text; or a picture: a file's bytes, its Path, or an open file."""


async def picture_body(picture: Picture, fields: Mapping[str, object]) -> dict[str, Any]:
    """Arguments for httpx to send a picture and the other `fields` of a request; fields that are None are omitted.

    Raises:
        OSError: a file cannot be read.
    """
    if is_address(picture):
        return await fields_body({"image_url": picture, **fields})
    given, behind = await _split(fields)
    files = {"image": ("image", await asyncio.to_thread(read, picture))}
    return {"files": files | ({"background": ("background", behind)} if behind else {}), "data": given}


def is_address(picture: Picture) -> bool:
    """Whether a picture is an address that the service fetches."""
    return isinstance(picture, str) and picture.startswith(("http://", "https://"))


async def fields_body(fields: Mapping[str, object]) -> dict[str, Any]:
    """The same for `fields` alone."""
    given, behind = await _split(fields)
    return {"json": given | ({"background": base64.b64encode(behind).decode()} if behind else {})}


async def _split(fields: Mapping[str, object]) -> tuple[dict[str, Any], bytes | None]:
    """The fields that are not None, and separately the bytes of a background file."""
    given: dict[str, Any] = {name: value for name, value in fields.items() if value is not None}
    if isinstance(given.get("background"), str | None):
        return given, None
    return given, await asyncio.to_thread(read, given.pop("background"))


def read(picture: Picture) -> bytes:
    """The bytes of a picture: given, or those of a file; raises OSError."""
    if isinstance(picture, bytes):
        return picture
    if isinstance(picture, str | os.PathLike):
        with open(picture, "rb") as file:
            return file.read()
    return picture.read()
