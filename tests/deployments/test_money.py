"""The account of a backend."""

import asyncio

import pytest

from cutout.errors import ModelTimeout
from deployments.backends.money import Spending


def ended_by(error: BaseException, spending: Spending) -> None:
    """A paid call that goes out at 0.5 USD and comes to such an end."""
    with spending.bill(0.5) as bill:
        bill.owe()
        raise error


def test_a_bill_starts_at_nothing_and_is_settled_by_the_reply() -> None:
    """A call that is out is owed at the registry's price until the provider names its own, which may be nothing."""
    with Spending().bill(0.5) as bill:
        costs = [bill.cost_usd]
        for step in (bill.owe, lambda: bill.settle(0.4), lambda: bill.settle(None), lambda: bill.settle(0.0)):
            step()
            costs.append(bill.cost_usd)

    assert costs == [0, 0.5, 0.4, 0.5, 0]


def test_an_error_carries_what_was_charged() -> None:
    """Failure.of finds the cost of a failed picture in the error, and the account has it too."""
    spending = Spending()
    with pytest.raises(ModelTimeout) as late:
        ended_by(ModelTimeout("API timeout after 1s"), spending)

    assert late.value.details == {"cost_usd": 0.5}
    assert (spending.charged_usd, spending.abandoned_usd) == (0.5, 0)


def test_what_a_caller_abandons_is_counted() -> None:
    """A bill whose caller hangs up stays owed, and shows as abandoned."""
    spending = Spending()
    with pytest.raises(asyncio.CancelledError):
        ended_by(asyncio.CancelledError(), spending)

    assert (spending.charged_usd, spending.abandoned_usd) == (0.5, 0.5)


def test_take_gives_every_cent_once() -> None:
    """Whoever keeps the books gets what came since the last look, and nothing twice."""
    spending, taken = Spending(), []
    for price_usd in (0.5, 0.25):
        with spending.bill(price_usd) as bill:
            bill.owe()
        taken += [spending.take(), spending.take()]

    assert taken == [0.5, 0, 0.25, 0]
