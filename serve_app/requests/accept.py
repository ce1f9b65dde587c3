"""Which form an answer takes: RFC 9110's Accept, for JSON, streams, archives and pictures alike."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from cutout.errors import ValidationError
from cutout.pixels.types import MEDIA_TYPES, OutputFormat

JSON: Final = "application/json"
SSE: Final = "text/event-stream"
NDJSON: Final = "application/x-ndjson"
ZIP: Final = "application/zip"
STREAMS = (SSE, NDJSON)
FORMATS: dict[str, OutputFormat] = {media_type: name for name, media_type in MEDIA_TYPES.items()}

Kind: TypeAlias = Literal["json", "stream", "zip", "picture"]


@dataclass(frozen=True, slots=True)
class Reply:
    """The form of an answer, and the format of its pictures."""

    media_type: str
    output_format: OutputFormat

    @property
    def kind(self) -> Kind:
        """What stands for the media type."""
        if self.media_type in FORMATS:
            return "picture"
        return "stream" if self.media_type in STREAMS else "zip" if self.media_type == ZIP else "json"


def negotiated(accept: str, offered: Sequence[str]) -> str | None:
    """The media type that a caller likes best of JSON and those offered; None when he accepts none of them.

    The highest q wins, then what is named before what a wildcard stands for, then what is named first. A wildcard
    stands for JSON alone, so that nobody gets another form without having named it.
    """
    best: dict[str, tuple[float, bool, int]] = {}
    refused = set[str]()
    for place, (name, q) in enumerate(ranges(accept)):
        media_type = JSON if name in ("*/*", "application/*") else name
        if q == 0 and media_type == name:
            refused.add(name)
        elif q and (media_type == JSON or media_type in offered):
            best[media_type] = max(best.get(media_type, (0.0, False, 0)), (q, media_type == name, -place))
    accepted = [media_type for media_type in best if media_type not in refused]
    return max(accepted, key=best.__getitem__, default=None)


def reply_to(
    accept: str, offered: Iterable[str], asked: OutputFormat | None, possible: Sequence[OutputFormat], default: Reply
) -> Reply:
    """The form of an answer that may be `offered`, or a picture; `default` when none of what is accepted is known.

    Of the picture formats that a caller accepts it is the one `asked` for in the request, else the one of those
    `possible` that he likes best.

    Raises:
        ValidationError: he accepts pictures, and none of that format.
    """
    others = tuple(offered)
    media_type = negotiated(accept, (*others, *FORMATS))
    if media_type is None or media_type not in FORMATS:
        return Reply(media_type or default.media_type, default.output_format)
    formats = (asked,) if asked else possible
    chosen = negotiated(accept, (*others, *(MEDIA_TYPES[name] for name in formats)))
    if chosen is None and asked:
        message = f"output_format: {asked} is none of the picture types that Accept names"
        raise ValidationError.of_field("output_format", message, asked)
    chosen = chosen or media_type  # a format that cannot be: the check of the finish says why
    return Reply(chosen, FORMATS.get(chosen, default.output_format))


def ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Each media range in lower case with its q; one that is no number counts as 1."""
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        q = next((text.removeprefix("q=") for text in parameters if text.startswith("q=")), "1")
        if name:
            yield name, min(1.0, float(q)) if q.replace(".", "", 1).isdecimal() else 1.0
