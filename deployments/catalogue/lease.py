"""One run at a time in an object store: it renews an object, which others leave alone for as long as it does.

No clocks are compared: who comes later watches the object for as long as a lease lasts, and takes it over only if it
has not changed meanwhile. Each write is conditional on the version that was seen, so that of two only one succeeds.
"""

import logging
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError

from cutout.errors import Conflict

RENEW_S, LEASE_S = 3.0, 20.0
"""Seconds between two renewals, and after which an object that is not renewed is free."""
TRIES = 4
"""How often a write is sent whose answer is lost."""
BUSY = "another run is at work on this catalogue; wait for its end, or give another OUT"
logger = logging.getLogger(__name__)


@contextmanager
def leased(store: Any, path: str) -> Iterator[threading.Event]:
    """Hold an object of obstore's `store`; the event is set when another run has taken it over.

    Raises:
        Conflict: another run holds it.
        BaseError, OSError: the store cannot be reached, or has no conditional writes.
    """
    lease, ended = _Lease(store, path), threading.Event()
    lease.take()
    renewing = threading.Thread(target=lease.renew, args=(ended,), daemon=True)
    renewing.start()
    try:
        yield lease.lost
    finally:
        ended.set()
        renewing.join()
        lease.give_back()


class _Lease:
    def __init__(self, store: Any, path: str) -> None:
        self._store = store
        self._path = path
        self._version: Any = None
        """That of the object as this run has written it."""
        self.lost = threading.Event()

    def take(self) -> None:
        """Wait until the object is free, at most LEASE_S; raises Conflict as soon as it is renewed."""
        held, deadline = self._seen(), time.monotonic() + LEASE_S
        while held and time.monotonic() < deadline:
            time.sleep(RENEW_S / 2)
            now = self._seen()
            if now and now != held:
                raise Conflict(BUSY)
            held = now
        self._version = self._written(held, _new())

    def renew(self, ended: threading.Event) -> None:
        """Renew it until the end, or until another run has it."""
        while not ended.wait(RENEW_S):
            try:
                self._version = self._written(self._version, _new())
            except Conflict:
                self.lost.set()
                return
            except (BaseError, OSError) as trouble:
                logger.warning("The hold on the catalogue is not renewed for now: %s", trouble)

    def give_back(self) -> None:
        """Free it for the next run, unless another one has it."""
        if not self.lost.is_set():
            try:
                self._store.delete(self._path)
            except (BaseError, OSError) as trouble:
                logger.warning("The hold on the catalogue ends by itself: %s", trouble)

    def _written(self, before: Any, content: bytes, tries: int = TRIES) -> Any:
        """Write it in the place of the version `before`, or where there is none; returns its new version."""
        try:
            return _version(self._store.put(self._path, content, mode=before or "create"))
        except (AlreadyExistsError, PreconditionError) as taken:
            if self._content() != content:  # else the answer to an earlier try was lost
                raise Conflict(BUSY) from taken
            return self._seen()
        except (BaseError, OSError):
            if tries == 1:
                raise
        return self._written(before, content, tries - 1)

    def _seen(self) -> Any:
        """Its version as the store has it; None: there is no such object."""
        try:
            return _version(self._store.head(self._path))
        except FileNotFoundError:
            return None

    def _content(self) -> bytes:
        try:
            return bytes(self._store.get(self._path).bytes())
        except FileNotFoundError:
            return b""


def _version(found: Any) -> Any:
    """What identifies a version of an object; a store has one of the two, or both."""
    return {name: found[name] for name in ("e_tag", "version") if found[name]}


def _new() -> bytes:
    """A content that no other version has."""
    return str(uuid.uuid4()).encode()
