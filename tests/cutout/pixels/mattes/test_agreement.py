"""Mattes agree by their soft IoU; a family has one voice, and a specialist spoils nobody's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cutout.pixels.mattes.agreement import agreement, soft_iou

EMPTY, FULL, HALF = (np.full((8, 8), value, np.uint8) for value in (0, 255, 128))
LEFT = np.zeros((8, 8), np.uint8)
LEFT[:, :4] = 255


@pytest.mark.parametrize(
    ("one", "other", "iou"),
    [(FULL, FULL, 1), (EMPTY, EMPTY, 1), (EMPTY, FULL, 0), (LEFT, FULL, 0.5), (HALF, FULL, 128 / 255), (HALF, HALF, 1)],
)
def test_soft_iou_by_hand(one: np.ndarray, other: np.ndarray, iou: float) -> None:
    """The smaller over the larger, in sum."""
    assert soft_iou(one, other) == pytest.approx(iou)


def test_one_matte_has_nobody_to_agree_with() -> None:
    """Of one, and of none, there is no agreement."""
    assert agreement({"a": FULL}, {}) == {}
    assert agreement({}, {}) == {}


def test_a_family_has_one_voice() -> None:
    """Three kin that say the same count once against the two that see something else."""
    mattes = {"kin1": FULL, "kin2": FULL, "kin3": FULL, "b": LEFT, "c": LEFT}
    families = {"kin1": "kin", "kin2": "kin", "kin3": "kin"}

    found = agreement(mattes, families)

    assert found["b"] == pytest.approx((0.5 + 1) / 2)
    assert found["kin1"] == pytest.approx(0.5)  # the median of its own family's 1, and twice .5
    assert agreement(mattes, {})["kin1"] == pytest.approx(0.75)


def test_a_specialist_spoils_nobodys_agreement() -> None:
    """One that sees something else entirely leaves the others' where it was."""
    three = {"a": FULL, "b": FULL, "c": FULL}

    with_it = agreement({**three, "specialist": EMPTY}, {})

    assert {model: with_it[model] for model in three} == agreement(three, {})
    assert with_it["specialist"] == 0


@settings(max_examples=40)
@given(st.data())
def test_agreement_is_a_share(data: st.DataObject) -> None:
    """0 to 1, whatever the mattes and their size; the IoU is the same either way, and 1 with itself."""
    shape = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 9))
    mattes = {name: data.draw(arrays(np.uint8, shape)) for name in "abc"}

    assert all(0 <= value <= 1 for value in agreement(mattes, {"a": "x", "b": "x"}).values())
    assert soft_iou(mattes["a"], mattes["b"]) == soft_iou(mattes["b"], mattes["a"])
    assert soft_iou(mattes["a"], mattes["a"]) == 1
