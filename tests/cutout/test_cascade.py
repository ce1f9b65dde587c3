"""`auto`'s next step follows from what has run, and how that compares."""

from cutout.cascade import Step, in_order, next_step
from cutout.comparison import Comparison
from cutout.picks.worth import ENOUGH_OFFERED, Worth, Worths
from cutout.pixels.mattes.score import Score
from cutout.service import QualitySpec
from tests.support.in_process import model

QUALITY = QualitySpec(enough_agreement=0.9, paid_below_score=0.8)
CHEAP, KIN = model("cheap", family="x", cpu_s=0.2), model("kin", family="x", cpu_s=0.5)
OTHER, UNKNOWN = model("other", cpu_s=1), model("unknown")
FREE = model("free", provider="afar", free=True)
PAID, DEAR = model("paid", provider="afar", price_usd=0.1), model("dear", provider="afar", price_usd=0.2)
CANDIDATES = in_order([DEAR, UNKNOWN, PAID, OTHER, FREE, KIN, CHEAP])


def compared(agreement: float | None, sharpness: float = 0.5) -> Comparison:
    """A comparison whose best cutout has these."""
    return Comparison({"cheap": Score(agreement, sharpness, 0.5)})


def test_the_cheapest_come_first() -> None:
    """Local models by their processor time, then the others by their price."""
    assert [spec.id for spec in CANDIDATES] == ["cheap", "kin", "other", "unknown", "free", "paid", "dear"]


def test_providers_come_by_what_people_picked_once_that_is_known() -> None:
    """Each was offered often enough: the best first, whatever it costs. Until then by price."""
    known = tuple(Worth(name, ENOUGH_OFFERED, chance, 0.1, 0.9) for name, chance in (("dear", 0.8), ("free", 0.5)))
    all_known = Worths(60, 0.0, (*known, Worth("paid", ENOUGH_OFFERED, 0.6, 0.1, 0.9)))

    assert [spec.id for spec in in_order(CANDIDATES, all_known)][3:] == ["unknown", "dear", "paid", "free"]
    assert in_order(CANDIDATES, Worths(60, 0.0, known)) == CANDIDATES


def test_two_families_begin() -> None:
    """Kin of the first are left for later: they would agree whatever they see."""
    assert next_step(CANDIDATES, (), None, QUALITY).models == ("cheap", "other")


def test_enough_agreement_ends_it() -> None:
    """At the threshold and above it; the reason has both numbers."""
    ended = Step((), "The cutouts agree: 0.90, and 0.9 is enough")

    assert next_step(CANDIDATES, ("cheap", "other"), compared(0.9), QUALITY) == ended


def test_all_local_models_before_any_other() -> None:
    """Where the first disagree, or one of them failed."""
    for comparison in (compared(0.89), compared(None), None):
        assert next_step(CANDIDATES, ("cheap", "other"), comparison, QUALITY).models == ("kin", "unknown")


def test_others_one_at_a_time_while_the_score_is_low() -> None:
    """The cheapest first, and none once the score will do or no model is left."""
    local = ("cheap", "other", "kin", "unknown")

    assert next_step(CANDIDATES, local, compared(0.5), QUALITY).models == ("free",)
    assert next_step(CANDIDATES, (*local, "free"), None, QUALITY).models == ("paid",)
    assert next_step(CANDIDATES, local, compared(0.89, 0.99), QUALITY) == Step(
        (), "The best score is 0.85, and 0.8 is enough"
    )
    assert next_step(CANDIDATES[:4], local, compared(0.5), QUALITY) == Step((), "No model is left")


def test_without_local_models_the_cheapest_other_begins() -> None:
    """Whatever the thresholds are."""
    assert next_step([PAID, DEAR], (), None, QualitySpec(paid_below_score=0)).models == ("paid",)
