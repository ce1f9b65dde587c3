"""What a cutout made of several models' may be used for."""

import pytest

from cutout.models.combination import UNKNOWN, licence_of, name_of, strictest
from cutout.models.spec import LicenceSpec
from tests.support.in_process import model

MIT, APACHE = LicenceSpec(name="MIT", commercial=True), LicenceSpec(name="Apache-2.0", commercial=True)
RESEARCH = LicenceSpec(name="CC-BY-NC-4.0", commercial=False)
SPECS = {"free": model("free", licence=MIT), "bound": model("bound", licence=RESEARCH)}


@pytest.mark.parametrize(
    ("licences", "expected"),
    [
        ((MIT, APACHE, MIT), LicenceSpec(name="Apache-2.0 and MIT", commercial=True)),
        ((MIT, RESEARCH), RESEARCH),
        ((MIT,), MIT),
        ((), UNKNOWN),
    ],
)
def test_the_strictest_licence_holds(licences: tuple[LicenceSpec, ...], expected: LicenceSpec) -> None:
    """One that forbids commercial use is stricter than all that allow it; those that do are met together."""
    assert strictest(licences) == expected


def test_a_models_own_and_that_of_a_combination() -> None:
    """A model has its own name and licence; `fused` those of its sources, also of one that is gone."""
    assert (name_of("free", SPECS), licence_of("free", (), SPECS)) == ("Free", MIT)
    assert name_of("fused", SPECS) == "Fused"
    assert licence_of("fused", ("free", "bound"), SPECS) == RESEARCH
    assert licence_of("fused", ("free", "gone"), SPECS) == UNKNOWN
