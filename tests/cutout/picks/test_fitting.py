"""Worths are what votes were made by, whatever the votes were between; raw win rates are not."""

import math
from bisect import bisect
from collections import Counter
from collections.abc import Sequence
from itertools import accumulate

import numpy as np
import pytest
from statsmodels.discrete.conditional_models import ConditionalLogit

from cutout.picks import fitting
from cutout.picks.fitting import designed, fitted
from cutout.picks.worth import ENOUGH_OFFERED, NONE, NOTHING, Shown, Vote, Worths

TRUTH = {"best": 0.9, "good": 0.5, "fair": 0.1, "dull": -0.3, "weak": -0.4, "bad": -0.8}
FIRST, SHARP, UNWANTED = 1.0, 0.4, -1.0
"""Of the first place, of 0.1 more sharpness, and of none of them."""
PANELS = (("good", "fair", "best"), ("weak", "bad"), ("dull", "weak", "bad"), tuple(reversed(TRUTH)))
"""The best is shown last and against the best only; the weak one first and against the worst."""
OFTEN = (0.3, 0.35, 0.2, 0.15)
LIFT = {"hair": {"dull": 1.0}}
"""By which a model is better in a category."""


def drawn(rng: np.random.Generator, odds: Sequence[float]) -> int:
    """A place, each as often as its odds say: what `rng.choice` gives, in a tenth of the time."""
    return bisect(list(accumulate(odds)), rng.random() * sum(odds))


def cast(rng: np.random.Generator, category: str | None = None) -> Vote:
    """A vote by the truth: as in a panel, or shuffled."""
    names = list(PANELS[drawn(rng, OFTEN)])
    if rng.random() < 0.3:
        rng.shuffle(names)
    shown = tuple(Shown(name, 0.9, float(rng.normal(0.8, 0.1))) for name in names)
    lift = LIFT.get(category or "", {})
    utility = [
        TRUTH[one.model_id]
        + lift.get(one.model_id, 0)
        + FIRST / (1 + place)
        + SHARP * ((one.sharpness or 0) - 0.8) * 10
        for place, one in enumerate(shown)
    ]
    odds = [math.exp(value) for value in (*utility, UNWANTED)]
    return Vote(shown, (*names, NONE)[drawn(rng, odds)], category)


def chances(values: dict[str, float]) -> dict[str, float]:
    """How often each is picked over an average one."""
    mean = np.mean(list(values.values()))
    return {name: float(1 / (1 + np.exp(mean - value))) for name, value in values.items()}


def win_rates(votes: list[Vote]) -> dict[str, float]:
    """Picks over times offered."""
    offered = Counter(one.model_id for vote in votes for one in vote.shown)
    won = Counter(vote.picked for vote in votes)
    return {name: won[name] / offered[name] for name in offered}


def test_worths_are_within_their_intervals_and_win_rates_are_misleading() -> None:
    """2,000 votes, unequal panels, an effect of place: 9 of 10 intervals hold; by win rates the weak one leads."""
    truth, inside, leaders, seen = chances(TRUTH), 0, list[str](), list[str]()
    for seed in range(10):
        rng = np.random.default_rng(seed)
        votes = [cast(rng) for _ in range(2000)]
        found = fitted(votes, 0.0)
        inside += sum(one.low <= truth[one.model_id] <= one.high for one in found.models)
        leaders.append(found.models[0].model_id)
        rates = win_rates(votes)
        seen.append(max(rates, key=lambda name: rates[name]))

    print(f"\n{inside} of 60 worths within their 95 % intervals; win rates put first: {Counter(seen)}")
    assert inside >= 54
    assert leaders.count("best") >= 9
    assert seen.count("best") <= 1


def test_effects_beside_the_model_are_found() -> None:
    """Of the first place and of sharpness; agreement, which was the same for all, has none."""
    rng = np.random.default_rng(1)
    effects = {one.name: one for one in fitted([cast(rng) for _ in range(4000)], 0.0).effects}

    assert effects["first_place"].low < FIRST < effects["first_place"].high
    assert effects["sharpness"].low < SHARP < effects["sharpness"].high
    assert effects["agreement"].value == pytest.approx(0, abs=1e-6)


def test_a_category_is_drawn_towards_all_where_its_votes_are_few() -> None:
    """With many votes its own deviation shows; with few the worth is nearly that in all; below ten it has none."""
    rng = np.random.default_rng(2)
    plain = [cast(rng) for _ in range(1000)]
    many = fitted(plain + [cast(rng, "hair") for _ in range(1000)], 0.0)
    few = fitted(plain + [cast(rng, "hair") for _ in range(12)], 0.0)
    none = fitted(plain + [cast(rng, "hair") for _ in range(9)], 0.0)

    def lift(found: Worths) -> float:
        inside, outside = (
            {one.model_id: one.chance for one in some} for some in (found.categories["hair"], found.models)
        )
        return inside["dull"] - outside["dull"]

    assert lift(many) > 0.1
    assert abs(lift(few)) < 0.1
    assert none.categories == {}


def test_it_is_the_conditional_logit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without priors, statsmodels' own conditional logit finds the same differences."""
    for name in ("WORTH", "DEVIATION", "EFFECT", "WANTED"):
        monkeypatch.setattr(fitting, name, 1e3)
    rng = np.random.default_rng(3)
    votes = [cast(rng) for _ in range(300)]
    design, found = designed(votes), fitted(votes, 0.0)
    groups = np.repeat(np.arange(len(votes)), np.diff([*design.starts, len(design.picked)]))
    columns = [*range(1, len(TRUTH)), len(TRUTH), len(TRUTH) + 2, len(TRUTH) + 3]  # one model is the base; no agreement
    theirs = ConditionalLogit(design.picked, design.rows[:, columns], groups=groups).fit(disp=False)
    worths = dict(zip(design.models, [0.0, *theirs.params[: len(TRUTH) - 1]], strict=True))

    assert {one.model_id: one.chance for one in found.models} == pytest.approx(chances(worths), abs=1e-3)


def test_nothing_is_decided_by_few_picks() -> None:
    """There is an order once each of the models was offered often enough; before, and without picks, there is none."""
    duel = Vote((Shown("a"), Shown("b")), "b")
    few, enough = fitted([duel] * (ENOUGH_OFFERED - 1), 0.0), fitted([duel] * ENOUGH_OFFERED, 0.0)

    assert fitted([], 0.0) == NOTHING
    assert (few.order(("a", "b")), enough.order(("a", "b"))) == (None, ("b", "a"))
    assert enough.order(("a", "b", "new")) is None
    assert few.models[0].words == f"Not known yet: it was offered {ENOUGH_OFFERED - 1} times, and 30 are needed"
    assert enough.models[0].words.startswith("Picked over an average cutout ")


def test_who_is_offered_alone_is_judged_all_the_same() -> None:
    """Votes between one cutout and none, of one model only, have a result and no error."""
    found = fitted([Vote((Shown("only", None, 0.5),), "only")] * 3, 0.0)

    assert [(one.model_id, one.chance) for one in found.models] == [("only", 0.5)]
