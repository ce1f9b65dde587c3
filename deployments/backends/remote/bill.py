"""What one picture costs at a provider.

Money that may have been spent counts as spent. As soon as a paid call has been sent, its picture costs the registry's
price; the provider's reply then settles the bill: at the amount it states, or at nothing when the provider refused.
A lost or unreadable reply leaves the bill as it is.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager

from cutout.errors import CutoutError


class Bill:
    """One picture's cost so far."""

    def __init__(self, price_usd: float) -> None:
        self._price_usd = price_usd
        self.cost_usd = 0.0
        """USD, as far as is known."""

    def owe(self) -> None:
        """The paid call has been sent: until its reply says otherwise, the registry's price is spent."""
        self.cost_usd = self._price_usd

    def settle(self, cost_usd: float | None) -> None:
        """The provider charged `cost_usd`; None, or what is no amount of money: the registry's price."""
        if cost_usd is None or not (math.isfinite(cost_usd) and cost_usd >= 0):
            cost_usd = self._price_usd
        self.cost_usd = cost_usd


@contextmanager
def billed(price_usd: float) -> Iterator[Bill]:
    """A picture's bill; a CutoutError raised in the block carries it as `details["cost_usd"]`."""
    bill = Bill(price_usd)
    try:
        yield bill
    except CutoutError as error:
        error.details["cost_usd"] = bill.cost_usd
        raise
