"""`auto`: the cheapest models first, and others only as long as what there is does not look good enough.

Pure: the next step follows from the candidates, what has run, and how that compares. The rule and its measure are in
docs/quality.md; see also Agreement-Based Cascading (arXiv:2407.02348).
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from cutout.comparison import Comparison
from cutout.models.spec import ModelSpec
from cutout.picks.worth import NOTHING, Worths
from cutout.service import QualitySpec

FIRST = 2
"""Families that are asked first, each by its cheapest model: two that agree are seldom wrong together."""


@dataclass(frozen=True, slots=True)
class Step:
    """What happens next."""

    models: tuple[str, ...]
    """The models to run now, at once; empty: stop."""
    reason: str
    """Why, for the caller."""


def in_order(specs: Iterable[ModelSpec], worths: Worths = NOTHING) -> list[ModelSpec]:
    """Local models by their processor time, those of unknown time last; then the others.

    These by their worth, the best first, once that of each is known; until then by their price.
    """
    given = list(specs)
    best = worths.order(spec.id for spec in given if not spec.local) or ()

    def key(spec: ModelSpec) -> tuple[Any, ...]:
        place = best.index(spec.id) if spec.id in best else 0
        return not spec.local, place, spec.price_usd, spec.cpu_s is None, spec.cpu_s or 0, spec.id

    return sorted(given, key=key)


def next_step(
    candidates: Sequence[ModelSpec], ran: Collection[str], comparison: Comparison | None, quality: QualitySpec
) -> Step:
    """The next models of the candidates, which are `in_order`, after those that ran; or why there is none.

    `comparison` is of the cutouts so far; None: there is none. Once the best cutout agrees with the others enough, no
    other model is asked. Until then it is all local models, then the others one at a time while the score is low.
    """
    local = [spec for spec in candidates if spec.local]
    if not ran and local:
        return Step(_cheapest_of_families(local), "The cheapest local model of each of two families")
    agreement = comparison.agreement if comparison else None
    if agreement is not None and agreement >= quality.enough_agreement:
        return Step((), f"The cutouts agree: {agreement:.2f}, and {quality.enough_agreement:g} is enough")
    if left := tuple(spec.id for spec in local if spec.id not in ran):
        return Step(left, f"{_little_agreement(agreement, quality)}: all other local models")
    score = comparison.scores[comparison.selected_model_id].score if comparison else 0.0
    remote = [spec.id for spec in candidates if not spec.local and spec.id not in ran]
    if not remote:
        return Step((), "No model is left")
    if score < quality.paid_below_score or not ran:
        return Step((remote[0],), f"The best score is {score:.2f}, below {quality.paid_below_score:g}: one more model")
    return Step((), f"The best score is {score:.2f}, and {quality.paid_below_score:g} is enough")


def _cheapest_of_families(specs: Sequence[ModelSpec]) -> tuple[str, ...]:
    families: dict[str, str] = {}
    for spec in specs:
        families.setdefault(spec.family or spec.id, spec.id)
    return tuple(families.values())[:FIRST]


def _little_agreement(agreement: float | None, quality: QualitySpec) -> str:
    if agreement is None:
        return "There are no two cutouts to compare"
    return f"The cutouts agree by {agreement:.2f} only, below {quality.enough_agreement:g}"
