"""What an ingress replica leans on beside models, the ledger and the worker of durable jobs: there, or why not."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cutout.errors import CutoutError
from cutout.models.status import ModelStatus

logger = logging.getLogger(__name__)
LOOK_S = 10.0
"""Seconds between two looks."""
ANSWER_S = 5.0
"""Longest wait for an answer to one."""


class Dependency(Protocol):
    """Something that the service leans on."""

    async def check(self) -> Mapping[str, int] | None:
        """What it has to say in /health when it can do its work; raises CutoutError with the reason when it cannot."""


@dataclass(frozen=True, slots=True)
class DependencyStatus(ModelStatus):
    """How one is."""

    facts: Mapping[str, int] = field(default_factory=dict)
    """What it says of itself in /health."""


class Dependencies:
    """The last word of each. Nobody waits for it: it is read from memory."""

    def __init__(self, dependencies: Mapping[str, Dependency]) -> None:
        self._dependencies = dependencies
        self._states: dict[str, DependencyStatus] = {}

    def states(self) -> dict[str, DependencyStatus | None]:
        """How each is, by name; None while it has not been looked at."""
        return {name: self._states.get(name) for name in self._dependencies}

    async def watch(self) -> None:
        """Look at each of them, forever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Look at each of them once."""
        await asyncio.gather(*(self._look(name, one) for name, one in self._dependencies.items()))

    async def _look(self, name: str, dependency: Dependency) -> None:
        try:
            async with asyncio.timeout(ANSWER_S):
                facts = await dependency.check()
            state = DependencyStatus("ready", facts=facts or {})
        except (CutoutError, TimeoutError) as away:
            state = DependencyStatus("unavailable", str(away) or f"no answer within {ANSWER_S:g} s")
        known = self._states.get(name)
        if state.reason and (known is None or known.reason != state.reason):
            logger.warning("The %s cannot work: %s", name, state.reason)
        self._states[name] = state
