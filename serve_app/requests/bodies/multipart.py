"""Parses multipart/form-data part by part; headers tell files from texts, and the size of every part is limited."""

from collections.abc import AsyncIterator, Collection, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import Request

from cutout.errors import ValidationError, shown
from cutout.limits import LimitsSpec
from serve_app.requests.bodies.reading import FIELDS_BYTES, Refusal, chunks, most_bytes, too_large, too_long

if TYPE_CHECKING:  # for the type checker alone
    from python_multipart.multipart import MultipartCallbacks

MOST_PARTS = 64
FILE_TYPES: Final = ("image/", "application/octet-stream")


@dataclass(slots=True)
class Part:
    """One part. A file without a `filename` is recognised by its Content-Type."""

    headers: dict[bytes, bytes] = field(default_factory=dict)
    data: bytearray = field(default_factory=bytearray)
    name: str = ""
    filename: bytes = b""
    is_file: bool = False

    def begin(self) -> None:
        """Read the headers."""
        disposition = self.headers.get(b"content-disposition", b"")
        options = parse_options_header(disposition)[1]
        if b"name" not in options:
            raise ValidationError.of_field("body", "Each part's Content-Disposition is expected to have a name")
        self.name = _text(options[b"name"], "body")
        self.filename = options.get(b"filename", b"")
        kind = self.headers.get(b"content-type", b"").decode("latin-1").strip().lower()
        # RFC 7578 does not allow `filename*` here, but clients send it.
        self.is_file = b"filename" in options or b"filename*=" in disposition or kind.startswith(FILE_TYPES)

    @property
    def value(self) -> str | bytes | None:
        """Its text, or a file's bytes; None for the empty part that a browser sends where no file was chosen."""
        if not self.is_file:
            return _text(bytes(self.data), self.name)
        return bytes(self.data) if self.data or self.filename else None


class Parts:
    """The parts so far; those named in `files` may be files, and those in `texts` a picture in base64."""

    def __init__(
        self,
        limits: LimitsSpec,
        files: Collection[str],
        texts: Collection[str],
        most_parts: int = MOST_PARTS,
        fields_bytes: int = FIELDS_BYTES,
    ) -> None:
        self._done: list[Part] = []
        self._count = 0
        self._most_parts = most_parts
        self._picture_bytes = limits.body_bytes
        self._text_bytes = limits.body_bytes * 3 // 2
        self._files = files
        self._pictures = {*files, *texts}
        self._left = self._fields_bytes = fields_bytes
        self._part = Part()
        self._header = (bytearray(), bytearray())

    @property
    def callbacks(self) -> "MultipartCallbacks":
        """What the parser calls."""
        return {
            "on_part_begin": self.on_part_begin,
            "on_header_field": self.on_header_field,
            "on_header_value": self.on_header_value,
            "on_header_end": self.on_header_end,
            "on_headers_finished": self.on_headers_finished,
            "on_part_data": self.on_part_data,
            "on_part_end": self.on_part_end,
        }

    def on_part_begin(self) -> None:
        """Another part begins."""
        self._count += 1
        if self._count > self._most_parts:
            raise ValidationError.of_field("body", f"At most {self._most_parts} parts expected")
        self._part = Part()

    def on_header_field(self, data: bytes, start: int, end: int) -> None:
        """A piece of a header's name."""
        self._spend(end - start)
        self._header[0].extend(data[start:end])

    def on_header_value(self, data: bytes, start: int, end: int) -> None:
        """A piece of its value."""
        self._spend(end - start)
        self._header[1].extend(data[start:end])

    def on_header_end(self) -> None:
        """The header is whole."""
        name, value = map(bytes, self._header)
        self._part.headers[name.lower()] = value
        self._header = (bytearray(), bytearray())

    def on_headers_finished(self) -> None:
        """The part's bytes come next."""
        self._part.begin()

    def on_part_data(self, data: bytes, start: int, end: int) -> None:
        """A piece of its bytes."""
        part = self._part
        if part.is_file and part.name not in self._files:
            raise no_file_here(part.name, self._files)
        if part.name not in self._pictures:
            self._spend(end - start)
        elif len(part.data) + end - start > (self._picture_bytes if part.is_file else self._text_bytes):
            raise too_large(self._picture_bytes, part.name)
        part.data.extend(data[start:end])

    def on_part_end(self) -> None:
        """The part is whole."""
        self._done.append(self._part)

    def taken(self) -> Iterator[Part]:
        """Those that became whole since the last call."""
        done, self._done = self._done, []
        yield from done

    def _spend(self, count: int) -> None:
        self._left -= count
        if self._left < 0:
            raise too_long(self._part.name or "body", self._fields_bytes, self._pictures)


async def read_parts(
    request: Request, limits: LimitsSpec, files: Collection[str], texts: Collection[str]
) -> list[Part]:
    """All parts of a body; those named in `files` may be files, and only these and `texts` may be long.

    Raises:
        ValidationError: it is malformed, has too many or too long parts, or a file in another field.
        ImageTooLarge: a picture of more than `limits.body_bytes`; the rest is not read.
    """
    limit_bytes = most_bytes(limits, len({*files, *texts}))
    parts = each_part(request, Parts(limits, files, texts), limit_bytes, lambda: too_large(limits.body_bytes))
    return [part async for part in parts]


async def each_part(request: Request, parts: Parts, limit_bytes: int, refusal: Refusal) -> AsyncIterator[Part]:
    """Each part as soon as it is whole; raises as `read_parts`, and `refusal` for a body of more than `limit_bytes`."""
    boundary = parse_options_header(request.headers.get("content-type"))[1].get(b"boundary")
    if not boundary:
        raise ValidationError.of_field("Content-Type", "multipart/form-data: a boundary is expected")
    try:
        parser = MultipartParser(boundary, parts.callbacks)
        async for chunk in chunks(request, limit_bytes, refusal):
            parser.write(chunk)
            for part in parts.taken():
                yield part
        parser.finalize()
    except FormParserError as broken:
        raise ValidationError.of_field("body", "multipart/form-data expected, as its boundary says") from broken
    for part in parts.taken():
        yield part


def no_file_here(name: str, takers: Collection[str]) -> ValidationError:
    """The refusal of a file in a field that is not one of `takers`."""
    named = " or ".join(f"`{taker}`" for taker in takers) or "none"
    return ValidationError.of_field(name, f"{shown(name)}: no file expected here; parts that may be files: {named}")


def _text(data: bytes, field_name: str) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as wrong:
        raise ValidationError.of_field(field_name, f"{field_name}: text in UTF-8 expected") from wrong
