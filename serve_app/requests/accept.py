"""Content negotiation by RFC 9110's Accept: JSON, a stream, an archive or a picture."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from cutout.errors import ValidationError
from cutout.pixels.plain import MEDIA_TYPES, OutputFormat

JSON: Final = "application/json"
SSE: Final = "text/event-stream"
NDJSON: Final = "application/x-ndjson"
ZIP: Final = "application/zip"
STREAMS = (SSE, NDJSON)
FORMATS: dict[str, OutputFormat] = {media_type: name for name, media_type in MEDIA_TYPES.items()}

Kind: TypeAlias = Literal["json", "stream", "zip", "picture"]


@dataclass(frozen=True, slots=True)
class Reply:
    """The form of a response, and the format of its pictures."""

    media_type: str
    output_format: OutputFormat

    @property
    def kind(self) -> Kind:
        """The kind of response that the media type means."""
        if self.media_type in FORMATS:
            return "picture"
        return "stream" if self.media_type in STREAMS else "zip" if self.media_type == ZIP else "json"


def negotiated(accept: str, offered: Sequence[str]) -> str | None:
    """The media type that the caller prefers among JSON and those offered; None when none is acceptable.

    The highest q wins, then a type that is named over a wildcard, then the first in the header. A wildcard matches JSON
    only, so that nobody gets another form without naming it.
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
    """The form of a response: JSON, one of those `offered`, or a picture; `default` when Accept names none of them.

    A picture's format is the one `asked` for in the request, else the one that the caller prefers among those
    `possible`.

    Raises:
        ValidationError: Accept names pictures, but not in the format asked for.
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
    chosen = chosen or media_type  # a format that is not possible: check_format says why
    return Reply(chosen, FORMATS.get(chosen, default.output_format))


def prefers_json(accept: str) -> bool:
    """Whether JSON is named, and weighs more than every picture that is named, and than `*/*`.

    At equal weight a picture is preferred: clients that send `application/json, text/plain, */*` with every request
    want the picture's bytes.
    """
    weights = list(ranges(accept))
    pictures = [q for name, q in weights if name in ("*/*", ZIP) or name.startswith("image/")]
    return max((q for name, q in weights if name == JSON), default=0) > max(pictures, default=0)


def ranges(accept: str) -> Iterator[tuple[str, float]]:
    """Each media range in lower case with its q; a q that is not a number counts as 1."""
    for part in accept.split(","):
        name, *parameters = (piece.strip().lower() for piece in part.split(";"))
        q = next((text.removeprefix("q=") for text in parameters if text.startswith("q=")), "1")
        if name:
            yield name, min(1.0, float(q)) if q.replace(".", "", 1).isdecimal() else 1.0
