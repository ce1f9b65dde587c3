"""Win rates and their intervals."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from cutout.picks.statistics import PickCount, Stats, Tally, stats, tally, wilson
from cutout.picks.worth import NONE

MODELS = ("a", "b", "c", "d")


@st.composite
def counts(draw: st.DrawFn) -> PickCount:
    """Picks of one model, or of none, out of some that were offered."""
    offered = tuple(sorted(draw(st.sets(st.sampled_from(MODELS), min_size=1))))
    picked = draw(st.sampled_from((*offered, NONE)))
    return PickCount(draw(st.sampled_from([None, "x", "y"])), offered, picked, draw(st.integers(1, 10**6)))


@given(trials=st.integers(1, 10**9), share=st.floats(0, 1))
def test_an_interval_holds_its_rate(trials: int, share: float) -> None:
    """0 <= low <= rate <= high <= 1, at both ends and for any number of trials."""
    successes = round(trials * share)

    low, high = wilson(successes, trials)

    assert 0 <= low <= successes / trials <= high <= 1
    assert low < high


@given(trials=st.integers(1, 10**5), share=st.floats(0, 1))
def test_an_interval_is_wilsons(trials: int, share: float) -> None:
    """It is SciPy's Wilson score interval, to rounding."""
    successes = round(trials * share)

    reference = binomtest(successes, trials).proportion_ci(0.95, method="wilson")

    assert wilson(successes, trials) == pytest.approx((reference.low, reference.high), abs=1e-12)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 3), (4, 3)])
def test_a_rate_of_nothing_is_no_rate(successes: int, trials: int) -> None:
    """Without trials, or with more successes than trials, there is no interval to give."""
    with pytest.raises(ValueError, match="expected"):
        wilson(successes, trials)


@given(st.lists(counts(), max_size=30))
def test_every_pick_is_counted_once(picked: list[PickCount]) -> None:
    """Picks of models and of none add up to the number of picks, in all and in each category."""
    found = stats(picked)

    for part in (found.total, *found.categories.values()):
        assert sum(m.picks for m in part.models) + part.none == part.picks
        assert all(0 <= m.low <= m.win_rate <= m.high <= 1 for m in part.models)
        assert all(m.picks <= m.offered <= part.picks for m in part.models)
    assert found.total.picks == sum(c.count for c in picked)
    tagged = sum(c.count for c in picked if c.image_category is not None)
    assert sum(part.picks for part in found.categories.values()) == tagged


@given(st.lists(counts(), max_size=30), st.randoms())
def test_the_order_of_counting_is_no_matter(picked: list[PickCount], random: object) -> None:
    """The same picks in another order, or split into more counts, add up to the same."""
    split = [PickCount(c.image_category, c.offered, c.selected_model_id, 1) for c in picked]
    whole = [PickCount(c.image_category, c.offered, c.selected_model_id, 2) for c in picked]
    doubled = [*split, *split]
    random.shuffle(doubled)  # type: ignore[attr-defined]

    assert stats(doubled) == stats(whole)


def test_none_counts_against_every_model_offered() -> None:
    """`none` is a pick: each model offered was there and did not win; a model that was not offered is untouched."""
    found = stats(
        [
            PickCount("portrait", ("a", "b"), "a", 3),
            PickCount(None, ("a", "b"), NONE, 1),
            PickCount("glass", ("b", "c"), "c", 2),
        ]
    )

    rates = {m.model_id: (m.picks, m.offered, m.win_rate) for m in found.total.models}
    assert rates == {"a": (3, 4, 0.75), "b": (0, 6, 0.0), "c": (2, 2, 1.0)}
    assert (found.total.picks, found.total.none) == (6, 1)
    assert {name: part.picks for name, part in found.categories.items()} == {"glass": 2, "portrait": 3}


def test_a_known_interval() -> None:
    """One pick of one offer says little: from 21 % to 100 %."""
    (only,) = tally([PickCount(None, ("a",), "a", 1)]).models

    assert (only.picks, only.offered, only.win_rate, only.high) == (1, 1, 1.0, 1.0)
    assert math.isclose(only.low, 1 / (1 + 1.959963984540054**2))


def test_no_picks_have_no_rates() -> None:
    """Before the first pick there is nothing to rank."""
    assert stats([]) == Stats(Tally(0, 0, ()), {})
