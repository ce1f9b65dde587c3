"""The replica of the ledger."""

from cutout.replica_port import close_to_others
from cutout.service import ServiceSpec
from cutout.telemetry.job_context import followed, log_to_serve
from deployments.instruments import serve_instruments
from deployments.ledger import DatabaseLedger


class LedgerReplica(DatabaseLedger):
    """The ledger, its database migrated before the first request."""

    async def __init__(self, database_url: str, service: ServiceSpec, run_id: str) -> None:  # type: ignore[misc]
        close_to_others()
        log_to_serve()
        super().__init__(database_url, service.limits.request_s + 30, serve_instruments(), run_id)
        await self.start()

    record = followed(DatabaseLedger.record)
    end = followed(DatabaseLedger.end)
