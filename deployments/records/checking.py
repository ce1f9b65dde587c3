"""Checks, before the service starts, that it can work with its database."""

import sqlite3
from contextlib import closing

import asyncpg
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoConnection

from cutout.errors import ConfigurationError
from deployments.records.database import is_damaged, open_engine, place_of, upgrade

TROUBLE = (sqlite3.Error, DBAPIError, NoConnection, asyncpg.PostgresError, OSError)
"""Errors that the operator has to fix."""


def check_database(url: str) -> None:
    """Check an SQLite file for damage, and migrate the tables of a database.

    Raises:
        ConfigurationError: names the database, what is wrong with it, and what to do.
    """
    try:
        damage = _is_damaged_file(url)
        if not damage:
            upgrade(url)
    except TROUBLE as trouble:
        damage = is_damaged(trouble)
        if not damage:
            reason = str(getattr(trouble, "orig", None) or trouble).strip().partition("\n")[0]
            advice = "see that it is there and can be written, or set DATABASE_URL to another"
            raise ConfigurationError(f"{place_of(url)}: this database cannot be used: {reason}; {advice}") from trouble
    if damage:
        advice = "put a copy of it there, or move it away and the service begins with an empty one"
        raise ConfigurationError(f"{place_of(url)}: this file is no SQLite database, or is damaged; {advice}")


def _is_damaged_file(url: str) -> bool:
    """Whether an SQLite file is damaged; takes a second for some hundred megabytes."""
    if open_engine(url).dialect.name != "sqlite":
        return False
    with closing(sqlite3.connect(place_of(url))) as connection:
        return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
