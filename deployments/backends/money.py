"""What a provider is paid: one bill a picture, one account a replica.

Money that may have been spent counts as spent. From the moment a paid call has left this machine its picture costs
the registry's price; the provider's reply then settles the bill: at what it says, or at nothing when it refused. A
caller who hangs up, a lost reply and a reply that makes no sense leave the bill as it stands.
"""

import asyncio
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
        """The paid call is out: until its reply says otherwise, the registry's price is spent."""
        self.cost_usd = self._price_usd

    def settle(self, cost_usd: float | None) -> None:
        """The provider charged `cost_usd`; None: it did not say, so the registry's price."""
        self.cost_usd = self._price_usd if cost_usd is None else cost_usd


class Spending:
    """The account of one backend in one replica, in USD since it started."""

    def __init__(self) -> None:
        self.charged_usd = 0.0
        """Everything: successes, failures that were charged, and what callers abandoned."""
        self.abandoned_usd = 0.0
        """The part of it whose caller had hung up, so that no result or error carries it."""
        self._taken_usd = 0.0

    def take(self) -> float:
        """What was charged since the last call, in USD; for whoever keeps the books of all replicas."""
        fresh_usd = self.charged_usd - self._taken_usd
        self._taken_usd = self.charged_usd
        return fresh_usd

    @contextmanager
    def bill(self, price_usd: float) -> Iterator[Bill]:
        """A picture's bill. It enters the account however the picture ends; an error carries it as `cost_usd`."""
        bill = Bill(price_usd)
        try:
            yield bill
        except CutoutError as error:
            error.details["cost_usd"] = bill.cost_usd
            raise
        except asyncio.CancelledError:
            self.abandoned_usd += bill.cost_usd
            raise
        finally:
            self.charged_usd += bill.cost_usd
