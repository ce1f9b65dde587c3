"""The service without Ray: real removers of the model without weights, the real upscaler."""

from collections.abc import Mapping, Sequence
from typing import Any

from cutout.accounts.charges import Charge
from cutout.accounts.limiter import Limiter
from cutout.accounts.rate_limit import Admission, JobSlot, RateLimitDecision
from cutout.accounts.spec import AccessSpec, LimitTier
from cutout.ledger import Ledger
from cutout.limits import LimitsSpec
from cutout.models.registry import Registry
from cutout.models.spec import LicenceSpec, ModelSpec
from cutout.models.status import ModelStatus
from cutout.picks.job_record import JobRecord
from cutout.pixels.encoding.spec import EncodeSpec
from cutout.removal import Removal
from cutout.results import C, Failure, Form
from cutout.service import DropInSpec, ServiceSpec
from cutout.telemetry.metrics import NO_INSTRUMENTS, Instruments
from deployments.backends.base import Resources
from deployments.combiner import Combiner
from deployments.remover import Remover
from deployments.upscaler import Upscaler
from serve_app.fanout.shotgun import Shotgun
from tests.support.ledgers import UnusedLedger


def model(model_id: str, **fields: object) -> ModelSpec:
    """A model without weights, that leaves colours as they are."""
    licence = LicenceSpec(name="MIT", commercial=True)
    given = {"name": model_id.title(), "backend": "luminance", "licence": licence, "decontaminate": False}
    return ModelSpec.model_validate({"id": model_id, **given, **fields})


BUSY = AccessSpec(tiers={"default": LimitTier(requests_per_minute=10_000, concurrent_jobs=1_000)})


def registry(*models: ModelSpec, access: AccessSpec = BUSY, **limits: int) -> Registry:
    """A registry of them, for callers who ask a lot; the first answers other services' APIs."""
    drop_in = DropInSpec(model=models[0].id)
    service = ServiceSpec(limits=LimitsSpec.model_validate(limits), access=access, drop_in=drop_in)
    return Registry(service=service, models={spec.id: spec for spec in models})


class InProcess(Remover):
    """A Remover called directly; it opens at its first call, for which others wait, too."""

    async def remove(self, picture: Any, removal: Removal, form: Form[C]) -> C | Failure:
        await self.opened()
        return await super().remove(picture, removal, form)

    async def status(self) -> ModelStatus:  # type: ignore[override]
        await self.opened()
        return super().status()

    async def opened(self) -> None:
        """Return once it was tried to open it."""
        if self._opening is None:
            await self.start()
        await self._tried.wait()


def shotgun(reg: Registry, ledger: Ledger | None = None, instruments: Instruments = NO_INSTRUMENTS) -> Shotgun:
    """A shotgun whose models live in this process."""
    models = {spec.id: InProcess(spec, Resources(), EncodeSpec(), 60) for spec in reg.models.values()}
    return Shotgun(
        reg, models, Upscaler(EncodeSpec()), Combiner(EncodeSpec()), ledger or Memory(), instruments=instruments
    )


class Memory(UnusedLedger):
    """A ledger of a test: everything is kept in lists, and nothing is refused that the test does not name."""

    def __init__(self) -> None:
        self.limiter = Limiter(330)
        self.jobs: list[JobRecord] = []
        self.reserved: list[Charge] = []
        self.spent: list[Charge] = []
        self.refused: dict[str, str] = {}

    async def record(self, job: JobRecord) -> None:
        self.jobs.append(job)

    async def reserve(self, hold_id: str, charges: Sequence[Charge], ceilings: Mapping[str, float]) -> dict[str, str]:
        self.reserved += charges
        return {c.model_id: self.refused[c.model_id] for c in charges if c.model_id in self.refused}

    async def settle(self, hold_id: str, spent: Sequence[Charge]) -> None:
        self.spent += spent

    async def admit(self, who: str, tier: LimitTier, cost: int) -> RateLimitDecision:
        return self.limiter.admit(who, tier, cost)

    async def begin(self, who: str, tier: LimitTier, slot_id: str, cost: int) -> Admission:
        return self.limiter.begin(who, tier, slot_id, cost)

    async def hold_slots(self, slots: Sequence[JobSlot]) -> None:
        self.limiter.hold_slots(slots)

    async def end(self, slot_id: str, job: JobRecord | None = None) -> None:
        self.limiter.free_slot(slot_id)
        self.jobs += [job] if job else []
