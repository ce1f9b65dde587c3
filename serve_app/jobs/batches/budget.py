"""What a batch may still spend, as its items begin and end."""

import asyncio
from collections.abc import Awaitable, Callable

from cutout.errors import ValidationError

DECIMALS = 9
"""Of an amount of USD, beyond which a sum of floats is not exact."""


class BatchBudget:
    """The rest of a batch's `max_cost_usd`; without one, it has no end. For one event loop."""

    def __init__(self, limit_usd: float | None, price_usd: float, spent_usd: Callable[[], Awaitable[float]]) -> None:
        """`price_usd`: of one picture, at most; `spent_usd`: asks what the items cost that have ended before."""
        self._limit_usd = limit_usd
        self._price_usd = price_usd
        self._spent_usd = spent_usd
        self._left_usd: float | None = float("inf") if limit_usd is None else None
        self._turn = asyncio.Lock()

    async def take(self, *, is_new: bool) -> None:
        """An item begins, or goes on after a crash; raises ValidationError for a new one whose price is not left."""
        async with self._turn:
            left_usd = await self._left()
            if is_new and round(left_usd, DECIMALS) < self._price_usd:
                message = "max_cost_usd: what this batch may cost is spent, and this picture was not begun"
                raise ValidationError.of_field("max_cost_usd", message)
            self._left_usd = left_usd - self._price_usd

    async def settle(self, cost_usd: float) -> None:
        """An item that began has ended."""
        async with self._turn:
            self._left_usd = await self._left() + self._price_usd - cost_usd

    async def _left(self) -> float:
        if self._left_usd is None:
            self._left_usd = (self._limit_usd or 0.0) - await self._spent_usd()
        return self._left_usd
