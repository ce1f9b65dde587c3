"""The statuses of models that scale to zero: none is woken to be asked."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from cutout.errors import ModelUnavailable, ServiceUnavailable
from cutout.models.status import EngineReport, ModelStatus
from cutout.pixels.plain import Size
from cutout.results import Cutout, Failure
from serve_app.endpoints.models import models_body
from serve_app.fanout import model_statuses
from serve_app.fanout.model_statuses import ModelStatuses
from tests.support.in_process import Memory, model, registry
from tests.support.patience import when

pytestmark = pytest.mark.anyio
ENGINE = EngineReport("script", "CPU")
CUTOUT = Cutout("sleeper", Size(6, 4), 0.0, ENGINE)


class Deployments:
    """Models `awake` and `sleeper`; those in `resting` have no replica, and the test decides what the others say."""

    def __init__(self) -> None:
        self.resting = {"sleeper"}
        self.says = ModelStatus("ready", engine=ENGINE, health="loaded")
        self.asked = list[str]()
        self.looks = 0
        self.is_away = False

    def find(self) -> frozenset[str]:
        self.looks += 1
        if self.is_away:
            raise ServiceUnavailable("no controller")
        return frozenset(self.resting)

    async def looked(self) -> None:
        """Return once what rests has been found again, and every status had its turn after that."""
        looks = self.looks
        await when(lambda: self.looks > looks + 5)


class Asked:
    """A model of theirs, which notes that it was asked."""

    def __init__(self, name: str, deployments: Deployments) -> None:
        self._name = name
        self._deployments = deployments

    async def status(self) -> ModelStatus:
        self._deployments.asked.append(self._name)
        return self._deployments.says


@asynccontextmanager
async def watched(deployments: Deployments, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ModelStatuses]:
    monkeypatch.setattr(model_statuses, "LOOK_S", 0.01)
    names = ("awake", "sleeper")
    specs = registry(*(model(name) for name in names)).models
    models = {name: Asked(name, deployments) for name in names}
    statuses = ModelStatuses(specs, models, Memory().worths, prepare=lambda _: None, resting=deployments.find)
    watch = asyncio.create_task(statuses.watch())
    try:
        await when(lambda: all(statuses.status(name) for name in names))
        yield statuses
    finally:
        watch.cancel()


def shown(statuses: ModelStatuses) -> tuple[bool, bool]:
    """Of `sleeper` in GET /models: whether it is available, and at rest."""
    card = next(card for card in models_body(statuses)["models"] if card["id"] == "sleeper")
    return card["available"], card["at_rest"]


async def test_a_model_at_rest_is_available_and_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the start on; the others are asked."""
    deployments = Deployments()

    async with watched(deployments, monkeypatch) as statuses:
        await deployments.looked()

        assert shown(statuses) == (True, True)
        assert set(deployments.asked) == {"awake"}


async def test_it_is_asked_once_it_has_worked_and_not_once_it_rests_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """At rest again, it is still known what ran it."""
    deployments = Deployments()

    async with watched(deployments, monkeypatch) as statuses:
        deployments.resting.clear()
        statuses.record("sleeper", CUTOUT, 12.0)
        await when(lambda: statuses.status("sleeper") == deployments.says)
        woken = shown(statuses)
        deployments.resting.add("sleeper")
        await when(lambda: shown(statuses) == (True, True))
        deployments.asked.clear()
        await deployments.looked()

        assert woken == (True, False)
        assert "sleeper" not in deployments.asked
        assert statuses.status("sleeper") == ModelStatus("ready", engine=ENGINE, health="available", at_rest=True)


async def test_its_status_says_why_it_could_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever sent the picture that woke it, such as the worker of durable jobs."""
    deployments = Deployments()
    deployments.says = ModelStatus("unavailable", "its file is broken")

    async with watched(deployments, monkeypatch) as statuses:
        statuses.record("sleeper", Failure.of("sleeper", ModelUnavailable("its file is broken")), 12.0)
        deployments.resting.clear()
        await when(lambda: statuses.status("sleeper") == deployments.says)

        assert shown(statuses) == (False, False)


async def test_while_serve_does_not_tell_nothing_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is anything woken then."""
    deployments = Deployments()

    async with watched(deployments, monkeypatch) as statuses:
        deployments.is_away = True
        await deployments.looked()

        assert shown(statuses) == (True, True)
        assert "sleeper" not in deployments.asked
