"""What a result is laid on: canvases by name and in pixels, prints in inches."""

import pytest

from cutout.errors import ValidationError
from cutout.pixels.finish import Finish
from cutout.pixels.plain import Size
from cutout.presets import Canvas, PresetSpec, canvas_of

SHIRT = {"shirt": PresetSpec(name="Shirt", width=4500, height=5400, dpi=300)}
Given = tuple[str | None, str | None, float | None, float | None]


@pytest.mark.parametrize(
    ("given", "canvas"),
    [
        ((None, None, None, None), Canvas(None, None, None)),
        ((None, None, 72, None), Canvas(None, 72, None)),
        (("shirt", None, None, None), Canvas(Size(4500, 5400), 300, None)),
        (("shirt", None, 150, 100), Canvas(Size(4500, 5400), 150, 100)),
        (("30x20", None, None, None), Canvas(Size(30, 20), None, None)),
        (("30x20", None, 10, 5), Canvas(Size(30, 20), 10, 5)),
        ((None, "12x16", None, None), Canvas(Size(3600, 4800), 300, 300)),
        ((None, "8.5x11", 150, None), Canvas(Size(1275, 1650), 150, 150)),
        ((None, "12x16", None, 150), Canvas(Size(3600, 4800), 300, 150)),
    ],
)
def test_what_is_asked(given: Given, canvas: Canvas) -> None:
    """Pixels of a print are its inches times its dots, 300 unless said otherwise, of which the picture has as many."""
    assert canvas_of(*given, SHIRT) == canvas


@pytest.mark.parametrize(
    ("given", "field"),
    [
        (("shirt", "12x16", None, None), "inches"), ((None, "12", None, None), "inches"),
        ((None, "0x4", None, None), "inches"), ((None, "0.001x4", None, None), "inches"),
        ((None, "12 x 16", None, None), "inches"), ((None, "1e3x4", None, None), "inches"),
        ((None, None, 300, 200), "least_dpi"), (("30x20", None, None, 200), "least_dpi"),
        (("trousers", None, None, None), "canvas"),
    ],
)  # fmt: skip
def test_what_is_none(given: Given, field: str) -> None:
    """Each is refused in a sentence that begins with its field, or names it."""
    with pytest.raises(ValidationError) as refused:
        canvas_of(*given, SHIRT)

    assert refused.value.details["field"] == field


@pytest.mark.parametrize(
    ("size", "finish", "own_dpi"),
    [
        (Size(3600, 4800), Finish(canvas=Size(3600, 4800), dpi=300, least_dpi=300), None),
        (Size(3599, 4799), Finish(canvas=Size(3600, 4800), dpi=300, least_dpi=300), None),
        (Size(1200, 1600), Finish(canvas=Size(3600, 4800), dpi=300, least_dpi=300), 100),
        (Size(1200, 1600), Finish(canvas=Size(3600, 4800), dpi=300, least_dpi=100), None),
        (Size(1200, 800), Finish(canvas=Size(3600, 4800), dpi=300, least_dpi=300), 100),
        (Size(1200, 800), Finish(canvas=Size(3600, 4800), dpi=300, least_dpi=300, fit="fill"), 50),
        (Size(12, 8), Finish(canvas=Size(3600, 4800), dpi=300), None),
        (Size(12, 8), Finish(), None),
    ],
)
def test_too_small_a_picture(size: Size, finish: Finish, own_dpi: float | None) -> None:
    """It is refused with the dots per inch that it would have; half a dot is forgiven."""
    if own_dpi is None:
        finish.check_resolution(size)
        return
    with pytest.raises(ValidationError, match=f"has {own_dpi:g} dots per inch .* and 300 are wanted"):
        finish.check_resolution(size)
