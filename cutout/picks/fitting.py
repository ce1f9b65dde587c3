"""Votes -> the models' worth, by a conditional logit; `python -m cutout.picks.fitting` does it in a process of its own.

Somebody who sees cutouts picks one, or none, with a chance that is the softmax of their utilities (D. McFadden,
Conditional logit analysis of qualitative choice behavior, 1974; top-1 Plackett-Luce). The utility of a cutout is its
model's worth, plus a deviation in the picture's category, plus effects of its place, agreement and sharpness. So rivals
and places are accounted for. Every parameter has a normal prior (PRIORS): what has few votes stays near what it is
drawn to, with a wide interval. statsmodels finds the most likely parameters and their covariance.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from statsmodels.base.model import LikelihoodModel

from cutout.picks.statistics import Z_95
from cutout.picks.worth import NONE, NOTHING, VOTES, WORTHS, Effect, Shown, Vote, Worth, Worths

Array = NDArray[np.float64]
MOST_CATEGORIES = 12
"""The most frequent ones have worths of their own."""
LEAST_VOTES = 10
"""Of a category that has some."""
UNIT = 0.1
"""An effect of agreement and sharpness is that of so much more."""
WORTH, DEVIATION, EFFECT, WANTED = 1.5, 0.5, 1.0, 5.0
"""Standard deviations of the priors, in log odds: of worths, of a category's deviations from them, of effects, and of
the utility of no cutout. exp(1.5) is 4.5 times the odds, exp(0.5) 1.6 times."""
EFFECTS = ("first_place", "agreement", "sharpness")
STEPS = 50


@dataclass(frozen=True, slots=True)
class Design:
    """Votes as arrays: a row for each cutout that was shown, and one for none of them, a vote after the other."""

    rows: Array
    """(rows, parameters): what multiplies each parameter in the row's utility."""
    picked: Array
    """(rows,): 1 for what was picked, else 0."""
    starts: NDArray[np.intp]
    """(votes,): the first row of each vote."""
    precision: Array
    """(parameters,): 1 / variance of each prior."""
    models: tuple[str, ...]
    categories: tuple[str, ...]

    def worth_rows(self, category: str | None = None) -> Array:
        """(models, parameters): what multiplies each parameter in a model's worth over the average."""
        rows = np.zeros((len(self.models), self.rows.shape[1]))
        count = len(self.models)
        rows[:, :count] = np.eye(count)
        if category is not None:
            begin = count * (1 + self.categories.index(category))
            rows[:, begin : begin + count] = np.eye(count)
        centred: Array = rows - rows.mean(axis=0)
        return centred


class ConditionalLogit(LikelihoodModel):  # type: ignore[misc]
    """The posterior of a design's parameters, for statsmodels to maximise."""

    def __init__(self, design: Design) -> None:
        super().__init__(design.picked, design.rows, hasconst=False)
        self._design = design
        self._sizes = np.diff([*design.starts, len(design.picked)])

    def loglike(self, params: Array) -> float:
        """Log posterior, but for a constant."""
        utility = self._design.rows @ params
        most = np.maximum.reduceat(utility, self._design.starts)
        total = np.add.reduceat(np.exp(utility - np.repeat(most, self._sizes)), self._design.starts)
        prior = 0.5 * (self._design.precision * params**2).sum()
        return float(utility @ self._design.picked - (most + np.log(total)).sum() - prior)

    def score(self, params: Array) -> Array:
        """Its gradient."""
        missed = self._design.picked - self._chances(params)
        gradient: Array = self._design.rows.T @ missed - self._design.precision * params
        return gradient

    def hessian(self, params: Array) -> Array:
        """Its second derivatives."""
        weighted = self._chances(params)[:, None] * self._design.rows
        means = np.add.reduceat(weighted, self._design.starts, axis=0)
        curvature: Array = means.T @ means - weighted.T @ self._design.rows - np.diag(self._design.precision)
        return curvature

    def _chances(self, params: Array) -> Array:
        utility = self._design.rows @ params
        most = np.maximum.reduceat(utility, self._design.starts)
        odds = np.exp(utility - np.repeat(most, self._sizes))
        chances: Array = odds / np.repeat(np.add.reduceat(odds, self._design.starts), self._sizes)
        return chances


def fitted(votes: Sequence[Vote], at: float) -> Worths:
    """The worth of every model that was shown; `at` is now, Unix time in seconds. Deterministic."""
    if not votes:
        return NOTHING
    design = designed(votes)
    start = np.zeros(design.rows.shape[1])
    found = ConditionalLogit(design).fit(start, method="newton", maxiter=STEPS, disp=False)
    offered = Counter(one.model_id for vote in votes for one in vote.shown)
    within = {name: [vote for vote in votes if vote.category == name] for name in design.categories}
    counts = {name: Counter(one.model_id for vote in some for one in vote.shown) for name, some in within.items()}
    values, errors = np.asarray(found.params), np.sqrt(np.diag(found.cov_params()))
    last = range(len(values) - 1 - len(EFFECTS), len(values) - 1)
    return Worths(
        votes=len(votes),
        fitted_at=at,
        models=_worths(design, found, None, offered),
        categories={name: _worths(design, found, name, counts[name]) for name in design.categories},
        effects=tuple(
            Effect(name, float(values[i]), float(values[i] - Z_95 * errors[i]), float(values[i] + Z_95 * errors[i]))
            for name, i in zip(EFFECTS, last, strict=True)
        ),
    )


def designed(votes: Sequence[Vote]) -> Design:
    """Votes, of which there is at least one, as arrays. The columns: worths, deviations, effects, and none."""
    models = tuple(sorted({one.model_id for vote in votes for one in vote.shown}))
    tags = Counter(vote.category for vote in votes if vote.category is not None)
    categories = tuple(sorted(name for name, n in tags.most_common(MOST_CATEGORIES) if n >= LEAST_VOTES))
    effects = len(models) * (1 + len(categories))
    sizes = [len(vote.shown) + 1 for vote in votes]
    rows, picked = np.zeros((sum(sizes), effects + len(EFFECTS) + 1)), np.zeros(sum(sizes))
    starts = np.cumsum([0, *sizes[:-1]])
    middle = _middle([one for vote in votes for one in vote.shown])
    for vote, start in zip(votes, starts, strict=True):
        for place, one in enumerate(vote.shown):
            row, model = rows[start + place], models.index(one.model_id)
            row[model] = 1
            if vote.category in categories:
                row[len(models) * (1 + categories.index(vote.category)) + model] = 1
            row[effects : effects + len(EFFECTS)] = 1 / (1 + place), *_measured(one, middle)
        rows[start + len(vote.shown), -1] = 1
        ids = [*(one.model_id for one in vote.shown), NONE]
        picked[start + ids.index(vote.picked)] = 1
    deviations = [WORTH] * len(models) + [DEVIATION] * (effects - len(models)) + [EFFECT] * len(EFFECTS) + [WANTED]
    return Design(rows, picked, starts, np.array(deviations) ** -2.0, models, categories)


def _middle(shown: Sequence[Shown]) -> tuple[float, float]:
    """The mean agreement and sharpness of those that were measured."""
    columns = [[one.agreement for one in shown], [one.sharpness for one in shown]]
    known = [[value for value in column if value is not None] for column in columns]
    agreement, sharpness = (float(np.mean(column)) if column else 0.0 for column in known)
    return agreement, sharpness


def _measured(one: Shown, middle: tuple[float, float]) -> tuple[float, ...]:
    """Agreement and sharpness over the mean, in UNITs; what was not measured counts as the mean."""
    pairs = zip((one.agreement, one.sharpness), middle, strict=True)
    return tuple(0.0 if value is None else (value - mean) / UNIT for value, mean in pairs)


def _worths(design: Design, found: LikelihoodModel, category: str | None, offered: Counter[str]) -> tuple[Worth, ...]:
    rows = design.worth_rows(category)
    values = rows @ np.asarray(found.params)
    errors = np.sqrt(np.einsum("ij,jk,ik->i", rows, found.cov_params(), rows))
    ends = (_chance(values), _chance(values - Z_95 * errors), _chance(values + Z_95 * errors))
    worths = [
        Worth(name, offered[name], float(chance), float(low), float(high))
        for name, chance, low, high in zip(design.models, *ends, strict=True)
    ]
    return tuple(sorted(worths, key=lambda one: (-one.chance, one.model_id)))


def _chance(log_odds: Array) -> Array:
    chance: Array = 1 / (1 + np.exp(-log_odds))
    return chance


if __name__ == "__main__":
    os.nice(10)
    sys.stdout.buffer.write(WORTHS.dump_json(fitted(VOTES.validate_json(sys.stdin.buffer.read()), time.time())))
