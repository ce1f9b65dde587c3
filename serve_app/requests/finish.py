"""A finish as it is kept with a durable job: as JSON, its background's picture as a file in the store."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from cutout.pixels.crop import Length, Margin
from cutout.pixels.encoding.encode import encode
from cutout.pixels.finish import Finish
from cutout.pixels.picture import Picture


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
