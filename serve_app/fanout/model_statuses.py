"""The status of each model, ready or not and why, and its median time; each ingress replica has its own."""

import asyncio
import logging
import statistics
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Protocol

from cutout.errors import CutoutError, ModelUnavailable
from cutout.models.selection import FUSED
from cutout.models.spec import ModelSpec
from cutout.models.status import ModelStatus
from cutout.picks.worth import NOTHING, Worths
from cutout.results import Cutout, Failure
from cutout.telemetry.metrics import MODEL_READY, NO_INSTRUMENTS, Instruments

logger = logging.getLogger(__name__)
LOOK_S = 10.0
"""Seconds between two questions to a model whose status may change without a request."""
LEARN_S = 60.0
"""Seconds between two questions to the ledger: it fits no more often."""
PREPARE_S = 30.0
"""Longest wait for what a model needs before it is reported as unavailable: a download of weights takes longer."""


class Askable(Protocol):
    """A model that can be asked for its status."""

    async def status(self) -> ModelStatus:
        """Whether the model can work now; raises CutoutError when its replicas cannot be reached."""


class ModelStatuses:
    """The latest known status of every model, and what picks have taught, cached: requests do not wait for it."""

    def __init__(
        self,
        specs: Mapping[str, ModelSpec],
        models: Mapping[str, Askable],
        learned: Callable[[], Awaitable[Worths]],
        instruments: Instruments = NO_INSTRUMENTS,
        *,
        prepare: Callable[[ModelSpec], None] | None = None,
        resting: Callable[[], frozenset[str]] = frozenset,
        retry_s: float = 60.0,
    ) -> None:
        """`learned`: Ledger.worths.

        `prepare` finds what a model needs, in a thread, or raises ModelUnavailable with what is missing. Until it is
        there, and this is tried every `retry_s` seconds, the model is not asked, so that it needs no replica. None, as
        on a cluster, where other machines may have it: every model is asked.

        `resting` tells, in a thread, which models have scaled to zero. Such a model is not asked either: it counts as
        ready, and its next picture starts a replica, which is asked as soon as it is there.
        """
        self.specs = specs
        self.worths = NOTHING
        self._learned = learned
        self._instruments = instruments
        self._prepare = prepare
        self._find_resting = resting
        self._resting = frozenset[str]()
        self._retry_s = retry_s
        self._models = models
        self._statuses: dict[str, ModelStatus] = {}
        self._times_ms: dict[str, deque[float]] = {name: deque(maxlen=101) for name in (*specs, FUSED)}

    def status(self, model_id: str) -> ModelStatus | None:
        """The model's status; None until it is known."""
        return self._statuses.get(model_id)

    def median_ms(self, model_id: str) -> float | None:
        """Median time of the last 101 successes of a model, or of what `fused` adds, in ms."""
        times = self._times_ms[model_id]
        return round(statistics.median(times), 1) if times else None

    def record(self, model_id: str, outcome: Cutout | Failure, wall_ms: float) -> None:
        """Update the status by a result of a model, or of `fused`: it is newer than the last answer to a question."""
        known = self._statuses.get(model_id, ModelStatus("ready"))
        self._resting -= {model_id}
        if isinstance(outcome, Cutout):
            self._times_ms[model_id].append(wall_ms)
            self._statuses[model_id] = replace(known, state="ready", reason=None, engine=outcome.engine, tried=True)

    async def watch(self) -> None:
        """Ask every model whose status may change without a request, and the ledger, forever."""
        await self._look_who_rests()
        async with asyncio.TaskGroup() as group:
            group.create_task(self._learn())
            group.create_task(self._watch_who_rests())
            for model_id in self.specs:
                group.create_task(self._watch(model_id))

    async def _watch(self, model_id: str) -> None:
        while True:
            there = True
            if self._may_change(model_id):
                there = await self._prepared(model_id)
                if there:
                    await self._look(model_id)
            if status := self._statuses.get(model_id):
                self._instruments.record(MODEL_READY, float(status.state == "ready"), model=model_id)
            await asyncio.sleep(LOOK_S if there else self._retry_s)

    async def _learn(self) -> None:
        while True:
            try:
                self.worths = await self._learned()
            except CutoutError as error:
                logger.warning("What picks taught stays as it was: %s", error.message)
            await asyncio.sleep(LEARN_S)

    async def _watch_who_rests(self) -> None:
        while True:
            await asyncio.sleep(LOOK_S)
            await self._look_who_rests()

    async def _look_who_rests(self) -> None:
        try:
            self._resting = await asyncio.to_thread(self._find_resting)
        except CutoutError as error:
            logger.warning("Which models are at rest cannot be told; the last answer is kept: %s", error.message)

    def _may_change(self, model_id: str) -> bool:
        """A local model that is ready stays so, until it rests or is woken."""
        status = self._statuses.get(model_id)
        if status is None or status.state != "ready" or not self.specs[model_id].local:
            return True
        return status.at_rest != (model_id in self._resting)

    async def _prepared(self, model_id: str) -> bool:
        """Whether what a model needs is there; its status says what is missing."""
        status = self._statuses.get(model_id)
        if self._prepare is None or (status and status.state == "ready"):
            return True
        spec = self.specs[model_id]
        health = None if spec.local else "unconfigured"
        preparing = asyncio.create_task(asyncio.to_thread(self._prepare, spec))
        await asyncio.wait({preparing}, timeout=PREPARE_S)
        if not preparing.done():
            self._statuses[model_id] = ModelStatus("unavailable", "its weights are being fetched", tried=False)
        try:
            await preparing
        except ModelUnavailable as missing:
            if status is None or status.reason != missing.message:
                logger.warning("%s is unavailable: %s", model_id, missing.message)
            self._statuses[model_id] = ModelStatus("unavailable", missing.message, health=health)
            return False
        except Exception:
            logger.exception("What %s needs could not be looked for; its replica will say what is wrong", model_id)
        return True

    async def _look(self, model_id: str) -> None:
        if model_id in self._resting:
            known = self._statuses.get(model_id)
            engine = known.engine if known else None
            self._statuses[model_id] = ModelStatus("ready", engine=engine, health="available", at_rest=True)
            return
        try:
            self._statuses[model_id] = await self._models[model_id].status()
        except CutoutError as error:
            logger.warning("%s does not answer with its status: %s", model_id, error.message)
