"""Alembic runs this file for each command; `Database.migrate` gives it the database's address."""

import asyncio

from alembic import context
from sqlalchemy import Connection

from deployments.records.database import open_engine
from deployments.records.tables import METADATA

LOCKS = {"sqlite": "BEGIN IMMEDIATE", "postgresql": "SELECT pg_advisory_xact_lock(20261124)"}
"""Held until the end, so that of two services which start at once the second finds the work done."""


def _migrate(connection: Connection) -> None:
    connection.exec_driver_sql(LOCKS[connection.dialect.name])
    context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()


async def _run() -> None:
    engine = open_engine(context.config.attributes["database_url"])
    try:
        async with engine.begin() as connection:
            await connection.run_sync(_migrate)
    finally:
        await engine.dispose()


asyncio.run(_run())
