"""Signed, expiring addresses of results, and the secrets that sign them."""

import base64
import hashlib
import hmac
import math
import os
import secrets
import tempfile
import time
import uuid
from collections.abc import Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlencode

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from cutout.errors import ConfigurationError, Conflict, Forbidden

SECRET_FILE = "url_secret"  # noqa: S105 - its name, not the secret
SECRET_BYTES = 32
RESULT = "result"
"""Label of the signatures of results' addresses."""


def load_secret(data_dir: Path, given: str | None = None) -> bytes:
    """The secret of this service: `given` by the operator, or the one in `data_dir`, made at the first call.

    Services that share jobs, such as the replicas on several machines, need the same one. The file has mode 0600, and
    appears whole: of several processes that make it at once, one wins, and all use its secret.

    Raises:
        ConfigurationError: `given` is shorter than 16 bytes, or the file cannot be made or read.
    """
    if given is not None:
        if len(given.encode()) < 16:
            raise ConfigurationError("CUTOUT_URL_SECRET: at least 16 characters expected")
        return given.encode()
    file = data_dir / SECRET_FILE
    try:
        if not file.exists():
            _make(file)
        kept = file.read_bytes()
    except OSError as wrong:
        raise ConfigurationError(f"{file}: the secret of signed addresses cannot be kept: {wrong.strerror}") from wrong
    if len(kept) != SECRET_BYTES:
        raise ConfigurationError(f"{file}: {SECRET_BYTES} bytes expected; delete it, and a new one is made")
    return kept


class Signer:
    """Signs addresses with HMAC-SHA256, and encrypts secrets in the database.

    Each use of a secret has its own label, so that one cannot stand in for another. What an `older` secret signed or
    sealed is still valid: add a new secret in front, and remove the old one when nothing depends on it.
    """

    def __init__(self, secret: bytes, expires_s: float, older: Sequence[bytes] = ()) -> None:
        self._secrets = (secret, *older)
        self._expires_s = expires_s
        self._seal = MultiFernet([Fernet(_fernet_key(each)) for each in self._secrets])

    @classmethod
    def load(cls, data_dir: Path, given: str | None, expires_s: float) -> Self:
        """The signer by CUTOUT_URL_SECRET, one secret or several parted by commas, or by the data folder's own.

        Raises:
            ConfigurationError: as `load_secret`.
        """
        newest, *older = given.split(",") if given else [None]
        secrets_before = [load_secret(data_dir, each.strip()) for each in older if each is not None]
        return cls(load_secret(data_dir, newest.strip() if newest else newest), expires_s, secrets_before)

    def path(self, job_id: str, name: str, expires: int | None = None) -> str:
        """`results/<job>/<name>?expires=…&signature=…`; no slash in front.

        Good until `expires`, Unix time in seconds; without it for `expires_s` seconds from now.
        """
        until = str(math.ceil(time.time() + self._expires_s) if expires is None else expires)
        query = urlencode({"expires": until, "signature": self.signature(RESULT, job_id, name, until)})
        return f"results/{job_id}/{name}?{query}"

    def check(self, job_id: str, name: str, expires: str, signature: str) -> int:
        """Seconds until this address expires.

        Raises:
            Forbidden: it was not signed here as it stands, or it has expired.
        """
        if not self.is_signed(signature, RESULT, job_id, name, expires):
            raise Forbidden("This address was not signed by this service")
        left_s = int(expires) - math.floor(time.time())  # a number: it was signed
        if left_s <= 0:
            raise Forbidden("This address has expired; GET /jobs/{job_id} gives a new one")
        return left_s

    def signature(self, *parts: str) -> str:
        """The signature of these parts, in hex; the first is a label, one for each use."""
        return _signature(self._secrets[0], parts)

    def is_signed(self, signature: str, *parts: str) -> bool:
        """Whether one of the secrets gave these parts this signature."""
        given = signature.encode(errors="replace")
        goods = [_signature(secret, parts).encode() for secret in self._secrets]
        return any(hmac.compare_digest(good, given) for good in goods)

    def job_id(self, caller: str, key: str) -> str:
        """The job of a caller's idempotency key: always the same uuid4, and nobody without the secret can guess it."""
        return self.job_ids(caller, key)[0]

    def job_ids(self, caller: str, key: str) -> list[str]:
        """As `job_id`, and after it those that it had by the older secrets: one of them may be kept already."""
        framed = _framed("idempotency", caller, key)
        digests = [hmac.digest(secret, framed, hashlib.sha256) for secret in self._secrets]
        return [str(uuid.UUID(bytes=digest[:16], version=4)) for digest in digests]

    def sealed(self, text: str) -> str:
        """A text, encrypted for the database."""
        return self._seal.encrypt(text.encode()).decode()

    def opened(self, sealed: str) -> str:
        """The decrypted text.

        Raises:
            Conflict: none of the secrets sealed it.
        """
        try:
            return self._seal.decrypt(sealed).decode()
        except InvalidToken as unknown:
            raise Conflict("It was sealed by a secret that CUTOUT_URL_SECRET no longer has") from unknown


def _signature(secret: bytes, parts: Sequence[str]) -> str:
    return hmac.digest(secret, _framed(*parts), hashlib.sha256).hex()


def _fernet_key(secret: bytes) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(secret, _framed("seal"), hashlib.sha256))


def _framed(*parts: str) -> bytes:
    """The parts, each with its length before it: no two lists of parts give the same bytes."""
    encoded = [part.encode(errors="surrogatepass") for part in parts]
    return b"".join(b"%d:%s" % (len(part), part) for part in encoded)


def _make(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")  # with mode 0600
    made = Path(name)
    try:
        with os.fdopen(handle, "wb") as new:
            new.write(secrets.token_bytes(SECRET_BYTES))
            new.flush()
            os.fsync(handle)
        file.hardlink_to(made)
    except FileExistsError:
        return  # another process was first
    finally:
        made.unlink()
