"""Whether the ledger and the durable jobs, on which each ingress replica depends, can do their work now."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TypeAlias

from cutout.errors import ServiceUnavailable
from cutout.ledger import best_effort
from cutout.models.status import ModelStatus

logger = logging.getLogger(__name__)
LOOK_S = 10.0
"""Seconds between two checks."""
ANSWER_S = 5.0
"""Longest wait for the answer to one."""
Check: TypeAlias = Callable[[], Awaitable[Mapping[str, int] | None]]
"""Returns what /health shows of a dependency that can work; raises CutoutError with the reason when it cannot."""


@dataclass(frozen=True, slots=True)
class DependencyStatus(ModelStatus):
    """The result of a dependency's last check."""

    facts: Mapping[str, int] = field(default_factory=dict)
    """What its check returned, for /health."""


class Dependencies:
    """The latest known status of each, cached, so that requests do not wait for a check."""

    def __init__(self, checks: Mapping[str, Check]) -> None:
        """`checks` by the names that /health shows."""
        self._checks = checks
        self._states: dict[str, DependencyStatus] = {}

    def states(self) -> dict[str, DependencyStatus | None]:
        """The status of each by name; None before its first check."""
        return {name: self._states.get(name) for name in self._checks}

    async def watch(self) -> None:
        """Check all of them, forever."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Check all of them once."""
        await asyncio.gather(*(self._look(name, check) for name, check in self._checks.items()))

    async def _look(self, name: str, check: Check) -> None:
        facts = await best_effort(check(), ANSWER_S, partial(self._warn, name))
        if isinstance(facts, ServiceUnavailable):
            self._states[name] = DependencyStatus("unavailable", facts.message)
        else:
            self._states[name] = DependencyStatus("ready", facts=facts or {})

    def _warn(self, name: str, reason: str) -> None:
        """Log a reason that is not the last check's."""
        known = self._states.get(name)
        if known is None or known.reason != reason:
            logger.warning("The %s cannot work: %s", name, reason)
