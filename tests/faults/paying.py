"""A paid model beside the others: whatever dies, what its provider was asked for is in the service's ledger."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from tests.providers.runware import PRICE_USD, FakeRunware
from tests.providers.serving import Served
from tests.support.booked import booked_usd
from tests.support.load import Load
from tests.support.ray_service import Fake, Running
from tests.support.sample_pictures import cut_by

LATENCY_S = 0.3
PAID = Fake(
    0,
    {"max_ongoing_requests": 8, "max_queued_requests": 64, "num_replicas": 1},
    {
        "backend": "runware",
        "provider": "runware",
        "price_usd": PRICE_USD,
        "options": {"model": "runware:110@1"},
    },
)


@dataclass(frozen=True, slots=True)
class Provider:
    """A stand-in of Runware, which charges for each picture that it is asked for."""

    runware: FakeRunware
    variables: dict[str, str]
    """That lead a service to it."""
    model: str = "paid"
    """The service's model that asks it."""

    @property
    def calls(self) -> int:
        """Pictures that it was asked for."""
        return len(self.runware.script.seen("task"))

    def check(self, service: Running, fault: str, database_url: str | None = None) -> None:
        """Every call is booked, or its price is set aside; more may be, never less."""
        calls = self.calls  # before the ledger is read: what comes later was set aside before it came
        booked = round(booked_usd(database_url or f"sqlite:///{service.data}/ledger.sqlite", "runware") / PRICE_USD, 6)
        print(f"\nmoney, {fault}: {calls} calls at the provider, {booked:g} booked")
        assert calls <= booked

    @contextmanager
    def paid(self, service: Running, fault: str, database_url: str | None = None) -> Iterator[None]:
        """Callers of the paid model before, during and after a fault; then a look into the ledger."""
        with Load(service.address, 2, lambda _: cut_by(self.model)) as load:
            load.wait_answers(2)
            yield
        self.check(service, fault, database_url)


@contextmanager
def provider() -> Iterator[Provider]:
    """One that takes its time."""
    runware = FakeRunware(LATENCY_S)
    with Served(runware.app) as server:
        yield Provider(runware, {"RUNWARE_API_KEY": "fake", "RUNWARE_BASE_URL": f"{server.url}/v1"})
