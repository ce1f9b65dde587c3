"""What a picture costs at a provider."""

import math

import pytest

from cutout.errors import ModelTimeout
from deployments.backends.remote.bill import billed


def test_a_bill_starts_at_nothing_and_is_settled_by_the_reply() -> None:
    """A call that was sent is owed at the registry's price until the provider states its own, which may be nothing."""
    with billed(0.5) as bill:
        costs = [bill.cost_usd]
        for step in (bill.owe, lambda: bill.settle(0.4), lambda: bill.settle(None), lambda: bill.settle(0.0)):
            step()
            costs.append(bill.cost_usd)

    assert costs == [0, 0.5, 0.4, 0.5, 0]


def timed_out() -> None:
    """A paid call of 0.5 USD that was sent and not answered."""
    with billed(0.5) as bill:
        bill.owe()
        raise ModelTimeout("API timeout after 1s")


def test_an_error_carries_what_was_charged() -> None:
    """Failure.of finds the cost of a failed picture in its error."""
    with pytest.raises(ModelTimeout) as late:
        timed_out()

    assert late.value.details == {"cost_usd": 0.5}


@pytest.mark.parametrize("said", [math.nan, math.inf, -math.inf, -0.01])
def test_what_is_no_amount_of_money_is_the_price(said: float) -> None:
    """A provider that states nonsense is owed the registry's price: NaN would turn every sum and ceiling into NaN."""
    with billed(0.5) as bill:
        bill.settle(said)

    assert bill.cost_usd == 0.5
