"""Win rates from picks, each with its n and its confidence interval."""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from cutout.picks.worth import NONE, NOTHING, Worths

Z_95 = 1.959963984540054
"""The 97.5 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class PickCount:
    """The number of jobs with the same pick from the same models."""

    image_category: str | None
    offered: tuple[str, ...]
    """Model ids, sorted."""
    selected_model_id: str
    count: int


@dataclass(frozen=True, slots=True)
class ModelStats:
    """How often a model was picked where it was offered, with n and interval."""

    model_id: str
    picks: int
    offered: int
    """Jobs with a pick, of any model or of none, in which this model was offered: the n of the rate."""
    win_rate: float
    low: float
    """Lower end of the 95 % interval, in 0..1."""
    high: float
    """Upper end of the 95 % interval, in 0..1."""


@dataclass(frozen=True, slots=True)
class Tally:
    """The totals of some picks: those of a category, or all."""

    picks: int
    """Jobs with a pick, `none` included."""
    none: int
    """Jobs whose caller wanted none of the cutouts."""
    models: tuple[ModelStats, ...]
    """Every model that was offered, ordered by id."""


@dataclass(frozen=True, slots=True)
class Stats:
    """All picks, and those of each category."""

    total: Tally
    categories: dict[str, Tally] = field(default_factory=dict)
    """By the callers' tags; a pick without one counts in `total` only."""
    worths: Worths = NOTHING
    """What was learned from them, up to a minute ago or so."""


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """The 95 % score interval of a rate, `0 <= low <= successes / trials <= high <= 1`; valid for few trials too.

    E. B. Wilson, Probable inference, the law of succession, and statistical inference, J. Am. Stat. Assoc. 22 (1927),
    209-212.

    Raises:
        ValueError: not 0 <= successes <= trials, or no trials.
    """
    if not 0 <= successes <= trials or not trials:
        raise ValueError(f"0 <= successes <= trials expected, with trials > 0, not {successes} of {trials}")
    rate, z2 = successes / trials, Z_95**2 / trials
    centre = (rate + z2 / 2) / (1 + z2)
    half = math.sqrt(rate * (1 - rate) * z2 + z2**2 / 4) / (1 + z2)
    # At 0 and 1 one end is the rate itself; rounding must not move it past.
    return max(0.0, min(rate, centre - half)), min(1.0, max(rate, centre + half))


def stats(counts: Sequence[PickCount], worths: Worths = NOTHING) -> Stats:
    """All picks, and those of each category, with what was learned from them.

    A win rate is the share of the jobs offering a model in which that model was picked. So it depends on the models
    offered beside it: with k equally good models it is 1 / k.
    """
    categories = sorted({c.image_category for c in counts if c.image_category is not None})
    tallies = {name: tally(c for c in counts if c.image_category == name) for name in categories}
    return Stats(tally(counts), tallies, worths)


def tally(counts: Iterable[PickCount]) -> Tally:
    """The totals of some picks. A pick of `none` counts in n for each model, and as a win for no model."""
    picks: Counter[str] = Counter()
    offered: Counter[str] = Counter()
    for c in counts:
        picks[c.selected_model_id] += c.count
        offered.update(dict.fromkeys(c.offered, c.count))
    return Tally(picks.total(), picks[NONE], tuple(_model(m, picks[m], offered[m]) for m in sorted(offered)))


def _model(model_id: str, picks: int, offered: int) -> ModelStats:
    return ModelStats(model_id, picks, offered, picks / offered, *wilson(picks, offered))
