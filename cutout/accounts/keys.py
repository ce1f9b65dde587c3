"""API keys, stored as hashes in a file of JSON lines. A key itself is shown once, when it is made.

A key is `cutout_<id>_<secret>`. The id is public: it names the key in the file, in logs and in the command that revokes
it. The secret is 256 random bits, for which one SHA-256 is enough: a slow hash protects passwords that people choose,
and would slow down every request. The file is JSON lines, not YAML, because a command writes it and requests wait
while it is read again.
"""

import hashlib
import hmac
import os
import secrets
import tempfile
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime
from pathlib import Path

import filelock
import pydantic
from pydantic import AwareDatetime, Field, NonNegativeFloat

from cutout.errors import ConfigurationError, NotFound, ValidationError
from cutout.spec import Spec, explain

PREFIX = "cutout_"
ID = slice(len(PREFIX), len(PREFIX) + 8)
LOCK_S = 10.0
"""Longest wait for another command that writes the same file, in seconds."""
NO_DIGEST = "0" * 64
Stamp = tuple[int, int, int]


class KeyRecord(Spec):
    """One line of the key file."""

    id: str = Field(pattern=r"^[0-9a-f]{8}$", description="The public part of the key, which names it.")
    name: str = Field(min_length=1, description="Whose key it is; for people to read.")
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$", description="SHA-256 of the whole key, in hexadecimal.")
    tier: str = Field("default", description="The tier of `access` in service.yaml that limits it.")
    models: tuple[str, ...] | None = Field(None, description="Ids of the models that it may use; null: all of them.")
    daily_usd: NonNegativeFloat | None = Field(None, description="Most USD it may spend in a UTC day; null: no limit.")
    operator: bool = Field(False, description="Whether it sees, exports and replaces what other keys left.")
    created: AwareDatetime = Field(description="When it was made.")
    revoked: AwareDatetime | None = Field(None, description="When it was revoked; null while it is valid.")


def make_key(
    name: str,
    tier: str = "default",
    models: Collection[str] | None = None,
    daily_usd: float | None = None,
    *,
    operator: bool = False,
) -> tuple[str, KeyRecord]:
    """A new key's text, which is stored nowhere, and the record for `KeyRing.add`."""
    key_id = secrets.token_hex(4)
    text = f"{PREFIX}{key_id}_{secrets.token_urlsafe(32)}"
    allowed = None if models is None else tuple(models)
    created = datetime.now(UTC)
    return text, KeyRecord(
        id=key_id,
        name=name,
        sha256=_digest(text),
        tier=tier,
        models=allowed,
        daily_usd=daily_usd,
        operator=operator,
        created=created,
    )


class KeyRing:
    """The keys of a file, which is read again when another process has changed it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._records: dict[str, KeyRecord] = {}
        self._seen: Stamp | None = None

    @classmethod
    def load(cls, path: Path) -> "KeyRing":
        """The ring of an existing file; a new file is made by `KeyRing(path).add(record)`.

        Raises:
            ConfigurationError: the file is missing, cannot be read, or has a wrong line.
        """
        ring = cls(path)
        ring._refresh()
        return ring

    @property
    def records(self) -> tuple[KeyRecord, ...]:
        """Every key, revoked ones too, in the order made; raises as load."""
        self._refresh()
        return tuple(self._records.values())

    def find(self, presented: str) -> KeyRecord | None:
        """The record of exactly this key, or None where it is unknown or revoked; raises as load.

        The time it takes does not depend on the secret: the lookup is by the public id, and digests are compared.
        """
        self._refresh()
        record = self._records.get(presented[ID])
        same = hmac.compare_digest(_digest(presented), record.sha256 if record else NO_DIGEST)
        return record if same and record and record.revoked is None else None

    def add(self, record: KeyRecord) -> None:
        """Add a key to the file, which is created if necessary.

        Raises:
            ValidationError: the file has a key with this id.
            ConfigurationError: the file cannot be read or written.
        """

        def added(records: dict[str, KeyRecord]) -> None:
            if record.id in records:
                raise ValidationError(f"A key with the id {record.id} is there already")
            records[record.id] = record

        self._change(added)

    def revoke(self, key_id: str) -> KeyRecord:
        """Revoke a key, and return its record. A key that is revoked already stays as it is.

        Raises:
            NotFound: no key has this id.
            ConfigurationError: the file cannot be read or written.
        """

        def revoked(records: dict[str, KeyRecord]) -> None:
            if key_id not in records:
                raise NotFound(f"No key has the id {key_id[:64]}")
            if records[key_id].revoked is None:
                records[key_id] = records[key_id].model_copy(update={"revoked": datetime.now(UTC)})

        self._change(revoked)
        return self._records[key_id]

    def _refresh(self) -> None:
        try:
            found = self._path.stat()
            stamp = (found.st_mtime_ns, found.st_ino, found.st_size)
            if stamp != self._seen:  # from before reading, so that a change in between is found next time
                self._records, self._seen = _read(self._path), stamp
        except OSError as gone:
            raise ConfigurationError(f"{self._path}: cannot be read: {gone.strerror}") from gone

    def _change(self, change: Callable[[dict[str, KeyRecord]], None]) -> None:
        """Read, change and write the whole file under a lock between processes."""
        target = self._path.resolve()
        try:
            with filelock.FileLock(f"{target}.lock", timeout=LOCK_S):
                records = _read(target) if target.exists() else {}
                change(records)
                _write(target, records.values())
        except OSError as wrong:
            raise ConfigurationError(f"{self._path}: cannot be written: {wrong.strerror or wrong}") from wrong
        self._refresh()


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _read(path: Path) -> dict[str, KeyRecord]:
    records: dict[str, KeyRecord] = {}
    for number, line in enumerate(path.read_bytes().splitlines(), start=1):
        where = f"{path}: line {number}"
        if not line.strip():
            continue
        try:
            record = KeyRecord.model_validate_json(line)
        except pydantic.ValidationError as wrong:
            raise ConfigurationError(explain(where, wrong, "key")) from wrong
        if record.id in records:
            raise ConfigurationError(f"{where}: key.id: an id of its own expected, {record.id} is there already")
        records[record.id] = record
    return records


def _write(target: Path, records: Iterable[KeyRecord]) -> None:
    """Replace the file atomically; only its owner may read it."""
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")  # with mode 0600
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(f"{record.model_dump_json()}\n" for record in records)
            file.flush()
            os.fsync(handle)
        Path(name).replace(target)
    finally:
        Path(name).unlink(missing_ok=True)
