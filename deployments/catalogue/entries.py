"""The pictures of a catalogue: all of a folder or a bucket, or those that a table of addresses names."""

import asyncio
import csv
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

from cutout.errors import ValidationError
from cutout.pixels.endings import READ, READ_WORDS
from deployments.catalogue.places import Place, place

ADDRESS = ("address", "url", "image_url", "path")
"""Names of the column with the addresses; the first that a table has."""
TABLES = (".parquet", ".csv")


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture of a catalogue."""

    address: str
    """An absolute path, or a URL of an object store or of http(s)."""
    name: str
    """Of its file, with the ending; with its folders, where it was found in a folder."""
    stem: str
    """The same without the ending."""
    version: str = ""
    """Changes when the picture does; "": that is not known without reading it."""
    columns: Mapping[str, str] = field(default_factory=dict)
    """The other columns of its row, where a table names it."""


def entries(given: str, out: Place) -> list[Entry]:
    """The pictures of a folder, of an object store, or of a Parquet or CSV table of addresses, sorted by address.

    Raises:
        ValidationError: there are none, or a table has no column of addresses.
        NotFound, ServiceUnavailable, ConfigurationError: it cannot be read.
    """
    found = _of_table(given) if given.lower().endswith(TABLES) else _of_place(place(given), out)
    once = {entry.address: entry for entry in found}
    if not once:
        raise ValidationError(f"{given} contains no {READ_WORDS} file")
    return [once[address] for address in sorted(once)]


def is_public(address: str) -> bool:
    """Whether a service could fetch it, too."""
    return address.startswith(("http://", "https://"))


def _of_place(source: Place, out: Place) -> Iterator[Entry]:
    """Its pictures; what lies at `out` are results."""
    for listed in source.files():
        address, path = f"{source.address}/{listed.path}", PurePosixPath(listed.path)
        if path.suffix.lower() in READ and not address.startswith(f"{out.address}/"):
            yield Entry(address, str(path), str(path.with_suffix("")), listed.version)


def _of_table(given: str) -> Iterator[Entry]:
    parent, _, name = given.rpartition("/")
    source = place(parent or ".")
    rows = list(_rows(source, name))
    if not rows:
        return
    column = next((one for one in ADDRESS if one in rows[0]), None)
    if column is None:
        raise ValidationError(f"{given}: a column named {', '.join(ADDRESS)} expected, not {', '.join(rows[0])}")
    for row in rows:
        if address := row.pop(column).strip():
            yield _entry(address if "://" in address else _absolute(source, address), row)


def _rows(source: Place, name: str) -> Iterable[dict[str, str]]:
    """The rows of a table, every value as text; empty where there is none."""
    data = asyncio.run(source.get(name))
    if name.lower().endswith(".parquet"):
        try:
            table = pq.read_table(pa.BufferReader(data))
        except pa.ArrowInvalid as wrong:
            raise ValidationError(f"{name}: a Parquet file expected: {wrong}") from wrong
        return [{key: "" if value is None else str(value) for key, value in row.items()} for row in table.to_pylist()]
    try:
        lines = csv.DictReader(io.StringIO(data.decode("utf-8-sig")), restkey="", restval="")
    except UnicodeDecodeError as wrong:
        raise ValidationError(f"{name}: CSV in UTF-8 expected") from wrong
    return [{key: value for key, value in row.items() if key} for row in lines]


def _absolute(source: Place, path: str) -> str:
    """An address within the folder of its table, unless it is absolute."""
    if path.startswith(("/", "~")):
        return str(Path(path).expanduser())
    return f"{source.address}/{path}"


def _entry(address: str, columns: Mapping[str, str]) -> Entry:
    path = PurePosixPath(unquote(urlsplit(address).path) if "://" in address else address)
    return Entry(address, path.name, path.stem, _version(address), columns)


def _version(address: str) -> str:
    """That of a file on this machine, which a table names; "" of any other."""
    file = Path(address)
    if "://" in address or not file.is_file():
        return ""
    found = file.stat()
    return f"{found.st_size}-{found.st_mtime_ns}"
