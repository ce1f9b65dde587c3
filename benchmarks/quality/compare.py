"""Every sample by every way of making its matte, and the errors of each."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import spearmanr

from benchmarks.quality.errors import Truth
from benchmarks.quality.mattes import families
from benchmarks.quality.samples import Sample
from cutout.pixels.mattes.agreement import agreement
from cutout.pixels.mattes.fuse import fused
from cutout.pixels.mattes.measure import scores
from cutout.pixels.mattes.refine import refined
from cutout.pixels.mattes.score import Score, best
from cutout.pixels.types import Alpha, Rgb

ISNET = "local_isnet"
ENOUGH = 0.93
"""Agreement of the cheapest network of each family at which no other is asked: kin that agree say little."""
AUTO, CASCADE, AUTO_REFINED, FUSED, REFINED, TRUTH = (
    "auto",
    "auto as a cascade",
    "auto, refined",
    "fused",
    f"{ISNET}, refined",
    "the truth's choice",
)


@dataclass(frozen=True, slots=True)
class Ways:
    """The mattes of one picture, by the way they were made."""

    rgb: Rgb
    scored: Mapping[str, Score]
    mattes: Mapping[str, Alpha]


@dataclass(frozen=True, slots=True)
class Judged:
    """One sample's mattes, and what they are worth."""

    sample: Sample
    scored: Mapping[str, Score]
    """Of every network, the cheapest first."""
    early: Mapping[str, Score]
    """Of the networks that a cascade asks."""
    errors: Mapping[str, Mapping[str, float]]


def ways(rgb: Rgb, made: Mapping[str, Alpha]) -> Ways:
    """`made` holds the networks' mattes by model, the cheapest first."""
    scored = scores(rgb, made, families())
    winner = best(scored)
    mattes = {
        **made,
        AUTO: made[winner],
        AUTO_REFINED: refined(rgb, made[winner]),
        FUSED: fused(rgb, made, scored).alpha,
    }
    if ISNET in made:
        mattes[REFINED] = refined(rgb, made[ISNET])
    return Ways(rgb, scored, mattes)


def judged(sample: Sample, made: Mapping[str, Alpha]) -> Judged:
    """The errors of every way, of a cascade, and of the network that the true matte would choose."""
    tried, truth = ways(sample.rgb, made), Truth(sample.alpha)
    found = {way: truth.errors(matte) for way, matte in tried.mattes.items()}
    early = _early(made, tried.scored)
    found[CASCADE] = found[best(early)]
    found[TRUTH] = min((found[model] for model in made), key=lambda error: error["mae"])
    return Judged(sample, tried.scored, early, found)


def _early(made: Mapping[str, Alpha], scored: Mapping[str, Score]) -> Mapping[str, Score]:
    """The scores of the cheapest network of each family, if they agree enough; of all of them otherwise."""
    cheapest = {families().get(model, model): model for model in reversed(list(made))}
    asked = {model: made[model] for model in made if model in cheapest.values()}
    agreed = agreement(asked, families())
    early = {model: replace(scored[model], agreement=agreed.get(model)) for model in asked}
    return early if agreed.get(best(early), 0) >= ENOUGH else scored


def cascade_cpu(judgements: list[Judged], cpu_s: Mapping[str, float]) -> float:
    """CPU time of a cascade, of that of every network on every picture."""
    return sum(cpu_s[model] for one in judgements for model in one.early) / (len(judgements) * sum(cpu_s.values()))


def mean(judgements: list[Judged], way: str, measure: str) -> float:
    """Over pictures."""
    return float(np.mean([one.errors[way][measure] for one in judgements]))


def best_single(judgements: list[Judged], measure: str) -> float:
    """The smallest mean of any one network."""
    return min(mean(judgements, model, measure) for model in judgements[0].scored)


def rank_correlation(judgements: list[Judged]) -> float:
    """Spearman's, of the chosen matte's score with its error, over pictures."""
    chosen = [one.scored[best(one.scored)].score for one in judgements]
    return float(spearmanr(chosen, [one.errors[AUTO]["mae"] for one in judgements]).statistic)


def often_worse(judgements: list[Judged]) -> float:
    """Share of pictures on which the combined matte's error is more than 5 % above the chosen one's."""
    return float(np.mean([one.errors[FUSED]["mae"] > 1.05 * one.errors[AUTO]["mae"] for one in judgements]))
