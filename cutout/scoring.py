"""Compares the cutouts of one picture by what their replicas measured of them."""

from collections.abc import Iterable

from cutout.comparison import Comparison
from cutout.models.registry import Registry
from cutout.models.selection import FUSED
from cutout.pixels.mattes.agreement import scored
from cutout.pixels.mattes.score import Score, best
from cutout.results import Cutout, ModelResult
from cutout.service import QualitySpec


def compared(results: Iterable[ModelResult], registry: Registry) -> Comparison | None:
    """The comparison of those results that are cutouts and were measured; None where none is.

    Models that the registry no longer has are families of their own. `fused`, which is made of the others, is compared
    with them, and they are not with it; whether somebody should look follows from the others alone. Deterministic,
    whatever the order of the results.
    """
    descriptors = {
        one.model_id: one.outcome.descriptor
        for one in results
        if isinstance(one.outcome, Cutout) and one.outcome.descriptor
    }
    fused = descriptors.pop(FUSED, None)
    if not descriptors:
        return None
    known = registry.models.keys() & descriptors.keys()
    families = {name: family for name in known if (family := registry.models[name].family)}
    scores = scored(descriptors, families)
    reason = _review_reason(scores[best(scores)], registry.service.quality)
    if fused:
        scores[FUSED] = scored({**descriptors, FUSED: fused}, families)[FUSED]
    return Comparison(scores, reason)


def _review_reason(selected: Score, quality: QualitySpec) -> str | None:
    if selected.agreement is None:
        return "Only one model gave a cutout, and there is none to compare it with"
    if selected.score < quality.needs_review_score:
        return f"The best score is {selected.score:.2f}, below {quality.needs_review_score:g}"
    return None
