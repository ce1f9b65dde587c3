"""The cutouts of one picture are compared by what their replicas measured."""

from cutout.models.registry import Registry
from cutout.models.status import EngineReport
from cutout.pixels.mattes.measure import described, scores
from cutout.pixels.plain import Size
from cutout.pixels.types import Alpha
from cutout.results import Cutout, Failure, ModelResult
from cutout.scoring import compared
from cutout.service import QualitySpec, ServiceSpec
from tests.cutout.pixels.mattes.parts import disc, shown
from tests.support.in_process import model

TRUE, SOFT, ELSEWHERE = disc(soft_px=2), disc(soft_px=14), disc(soft_px=2, at=0.2)
PICTURE = shown(TRUE)


def results(**mattes: Alpha | None) -> list[ModelResult]:
    """What models gave, in that order; None: a failure."""

    def outcome(name: str, matte: Alpha | None) -> Cutout | Failure:
        if matte is None:
            return Failure(name, "processing_error", "no")
        return Cutout(name, Size(96, 96), 0.0, EngineReport("numpy", "CPU"), descriptor=described(PICTURE, matte))

    return [ModelResult(name, outcome(name, matte), 1.0) for name, matte in mattes.items()]


def registry(needs_review_score: float = 0.1, **families: str) -> Registry:
    service = ServiceSpec(quality=QualitySpec(needs_review_score=needs_review_score))
    return Registry(service=service, models={name: model(name, family=families.get(name)) for name in "abcd"})


def test_the_scores_are_those_of_the_mattes_whatever_their_order() -> None:
    """As `make quality` measures them; failures have no score."""
    mattes = {"a": TRUE, "b": SOFT, "c": ELSEWHERE}
    found = compared(results(**mattes, d=None), registry())
    backwards = compared(reversed(results(**mattes)), registry())

    assert found
    assert backwards
    assert found.scores == backwards.scores == scores(PICTURE, mattes, {})
    assert (found.selected_model_id, found.review_reason) == ("a", None)
    assert found.agreement == found.scores["a"].agreement


def test_kin_have_one_voice() -> None:
    """Two of a family that see the same outvote nobody; with the registry's families the others win."""
    given = results(a=ELSEWHERE, b=ELSEWHERE, c=ELSEWHERE, d=TRUE)
    alone = compared(given, registry())
    kin = compared(given, registry(a="x", b="x", c="x"))

    assert alone
    assert kin
    assert alone.scores["a"].agreement == 1
    assert (kin.scores["a"].agreement or 0) < 0.6


def test_why_somebody_should_look() -> None:
    """A low score, with both numbers; and a cutout without another to compare it with."""
    low = compared(results(a=TRUE, b=ELSEWHERE), registry(0.99))
    alone = compared(results(a=TRUE, b=None), registry())

    assert low
    assert alone
    assert low.review_reason == f"The best score is {low.scores['a'].score:.2f}, below 0.99"
    assert alone.review_reason == "Only one model gave a cutout, and there is none to compare it with"
    assert alone.scores["a"].agreement is None


def test_what_was_not_measured_is_not_compared() -> None:
    """A request of one model has no comparison, nor one that failed."""
    one = Cutout("a", Size(1, 1), 0.0, EngineReport("numpy", "CPU"))

    assert compared([ModelResult("a", one, 1.0)], registry()) is None
    assert compared(results(a=None, b=None), registry()) is None


def test_what_is_made_of_the_others_is_compared_with_them_and_they_not_with_it() -> None:
    """`fused` has a score and may be selected; the others' scores and the reason to look are as without it."""
    without = compared(results(a=SOFT, b=ELSEWHERE), registry(0.99))
    beside = compared(results(a=SOFT, b=ELSEWHERE, fused=TRUE), registry(0.99))

    assert without
    assert beside
    assert {name: beside.scores[name] for name in "ab"} == without.scores
    assert beside.scores["fused"] == scores(PICTURE, {"a": SOFT, "b": ELSEWHERE, "fused": TRUE}, {})["fused"]
    assert beside.selected_model_id == "fused"
    assert beside.review_reason == without.review_reason
