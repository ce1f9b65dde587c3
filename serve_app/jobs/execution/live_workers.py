"""Which workers of durable jobs on one PostgreSQL are alive. The work of dead ones is taken over.

Each worker holds an advisory lock named after it, which belongs to the session of one connection and ends with it,
however the process ends. A connection may also break while the worker lives: it then connects and locks again at its
next check. So a worker counts as dead when its lock was free at every check for DEAD_S, made by a worker that was
connected all that time; an outage of the database makes no worker dead.

On the same connection each worker is told at once that a workflow was enqueued, by whomever, and in which queue: a
trigger notifies.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import psycopg

logger = logging.getLogger(__name__)
KIND = "jobs"
"""Prefix of every worker's name; the whole name where there can only be one worker, as on SQLite, and in 1.0.0."""
LOOK_S = 1.0
"""Seconds between two checks."""
LISTEN_S = 0.1
"""Longest wait of a worker that leaves; psycopg itself wakes as often."""
DEAD_S = 10.0
"""Seconds for which the lock of a dead worker was free."""
CONNECTION: dict[str, Any] = {
    "autocommit": True,
    "connect_timeout": 3,
    "keepalives_idle": 3,
    "keepalives_interval": 1,
    "keepalives_count": 3,
    "tcp_user_timeout": 5000,
}
SESSION = (
    "SET tcp_keepalives_idle = 3",  # or PostgreSQL waits for two hours for a machine that has lost its power
    "SET tcp_keepalives_interval = 1",
    "SET tcp_keepalives_count = 3",
    "SET lock_timeout = '3s'",  # the session before may not have been noticed to be broken yet
)
HOLD = "SELECT pg_advisory_lock(hashtextextended(%s, 0))"
LISTEN = "LISTEN cutout_enqueued"
NOTIFY = """
SELECT pg_advisory_xact_lock(hashtextextended('cutout_enqueued', 0));
CREATE OR REPLACE FUNCTION dbos.cutout_enqueued() RETURNS trigger LANGUAGE plpgsql
AS $$ BEGIN PERFORM pg_notify('cutout_enqueued', NEW.queue_name); RETURN NULL; END $$;
CREATE OR REPLACE TRIGGER cutout_enqueued AFTER INSERT OR UPDATE OF status ON dbos.workflow_status
FOR EACH ROW WHEN (NEW.status = 'ENQUEUED') EXECUTE FUNCTION dbos.cutout_enqueued()
"""
FREE = """
SELECT name FROM (
    SELECT DISTINCT executor_id AS name, hashtextextended(executor_id, 0) AS lock
    FROM dbos.workflow_status
    WHERE status = 'PENDING' AND application_version = %s AND starts_with(executor_id, %s) AND executor_id <> %s
) AS others
WHERE CASE WHEN pg_try_advisory_lock(lock) THEN pg_advisory_unlock(lock) ELSE false END
"""
"""Other workers with unfinished work whose lock is free."""


class Workers:
    """The workers of one database, as one of them sees them."""

    def __init__(self, url: str, version: str, enqueued: Callable[[str | None], None]) -> None:
        """`url` is libpq's: `postgresql://…`, of the server or of a pooler that keeps sessions; `version`: of jobs.

        `enqueued` is called from a thread when a workflow was enqueued in this database, with its queue; None: not
        named, by the trigger of an earlier version, which another worker may have put back.
        """
        self.name = f"{KIND}-{uuid.uuid4()}"
        self.dead: tuple[str, ...] = ()
        """Workers that died with unfinished work, as of the last check."""
        self._url = url
        self._version = version
        self._enqueued = enqueued
        self._connection: psycopg.Connection[Any] | None = None
        self._free_since: dict[str, float] = {}
        self._over = threading.Event()
        # A thread of its own: in a shared pool it could wait behind pictures, and this worker would seem dead.
        self._watch = threading.Thread(target=self._look_on, name="workers", daemon=True)

    def join(self) -> None:
        """Take this worker's lock, before it takes any work; blocks. Raises psycopg.Error without a database."""
        self._held()

    def watch(self) -> None:
        """Start to listen, to check the other workers, and to hold this worker's lock, every LOOK_S.

        DBOS must have made its tables. Raises psycopg.Error without a database.
        """
        with psycopg.connect(self._url, **CONNECTION) as connection:
            connection.execute(NOTIFY)
        self._watch.start()

    def leave(self) -> None:
        """Release this worker's lock; others take over its unfinished work. Blocks until a check has ended."""
        self._over.set()
        if self._watch.is_alive():
            self._watch.join()
        self._disconnect()

    def look(self) -> None:
        """Hold this worker's own lock, and find dead workers; blocks. Raises psycopg.Error without a database."""
        try:
            rows = self._held().execute(FREE, [self._version, KIND, self.name]).fetchall()
        except psycopg.Error:
            self._disconnect()
            raise
        now = time.monotonic()
        self._free_since = {name: self._free_since.get(name, now) for (name,) in rows}
        self.dead = tuple(name for name, since in self._free_since.items() if now - since >= DEAD_S)

    def _look_on(self) -> None:
        while not self._over.is_set():
            try:
                self._listen()
                self.look()
            except psycopg.Error as away:
                logger.warning("Other workers cannot be checked for now: %s", away)
                self._disconnect()
                self._over.wait(LOOK_S)

    def _listen(self) -> None:
        """Tell of what is enqueued, for LOOK_S, or until this worker leaves."""
        for _ in range(round(LOOK_S / LISTEN_S)):
            if self._over.is_set():
                return
            for told in self._held().notifies(timeout=LISTEN_S):
                self._enqueued(told.payload or None)

    def _held(self) -> psycopg.Connection[Any]:
        """The connection that has this worker's lock, a new one where the last one is lost."""
        if self._connection and not self._connection.closed:
            return self._connection
        self._connection = psycopg.connect(self._url, **CONNECTION)
        for setting in SESSION:
            self._connection.execute(setting)
        self._connection.execute(HOLD, [self.name])
        self._connection.execute(LISTEN)
        return self._connection

    def _disconnect(self) -> None:
        """Release the lock, and forget what was observed: the others may have lost theirs in the same outage."""
        self._free_since, self.dead = {}, ()
        if self._connection:
            self._connection.close()
