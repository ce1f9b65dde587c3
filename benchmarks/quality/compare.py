"""Every sample by every way of making its matte, and the errors of each."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.stats import spearmanr

from benchmarks.quality.errors import errors
from benchmarks.quality.mattes import FAMILIES
from benchmarks.quality.samples import Sample
from cutout.outcome import Alpha
from cutout.pixels.fuse import fused
from cutout.pixels.refine import refined
from cutout.pixels.score import Score, best, scores

AUTO, AUTO_REFINED, FUSED, REFINED, TRUTH = (
    "auto",
    "auto, refined",
    "fused",
    "local_isnet, refined",
    "the truth's choice",
)


@dataclass(frozen=True, slots=True)
class Judged:
    """One sample's mattes, by the way they were made, and what they are worth."""

    sample: Sample
    scored: Mapping[str, Score]
    mattes: Mapping[str, Alpha]
    errors: Mapping[str, Mapping[str, float]]


def judged(sample: Sample, made: Mapping[str, Alpha]) -> Judged:
    """`made` holds the networks' mattes by model. Nothing is fitted, so that no sample has seen itself."""
    scored = scores(sample.rgb, made, FAMILIES)
    winner = best(scored)
    ways = {
        **made,
        AUTO: made[winner],
        AUTO_REFINED: refined(sample.rgb, made[winner]),
        FUSED: fused(sample.rgb, made, scored).alpha,
    }
    if "local_isnet" in made:
        ways[REFINED] = refined(sample.rgb, made["local_isnet"])
    found = {way: errors(matte, sample.alpha) for way, matte in ways.items()}
    found[TRUTH] = min((found[model] for model in made), key=lambda error: error["mae"])
    return Judged(sample, scored, ways, found)


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
