"""What is kept of a job and of a pick."""

import pytest

from cutout.accounts.keys import make_key
from cutout.errors import ValidationError
from cutout.models.status import EngineReport
from cutout.picks.job_record import JobRecord, ModelRecord
from cutout.picks.pick import Pick
from cutout.pixels.plain import Size
from cutout.results import Cutout, Failure, ModelResult, Result

SIZE = Size(3, 2)


def result() -> Result:
    cutout = Cutout("second", SIZE, 0.25, EngineReport("luminance", "CPU"))
    refused = Failure("first", "processing_error", "out of ink", cost_usd=0.0006, stage="upscale")
    results = (ModelResult("second", cutout, 12.5), ModelResult("first", refused, 30.0))
    return Result("job", results, SIZE, 31.5, skipped={"third": "no weights"})


@pytest.mark.parametrize(("factor", "kind"), [(None, "remove"), (4, "process")])
def test_a_job_is_kept_without_its_pixels(factor: int | None, kind: str) -> None:
    """The record has what was asked, each model's part in the order shown, and last what was left out; no picture."""
    _, key = make_key("a customer")

    record = JobRecord.of(("all",), "webp", factor, key, result(), created_at=1_800_000_000.5)

    assert record == JobRecord(
        job_id="job",
        kind=kind,  # type: ignore[arg-type]
        created_at=1_800_000_000.5,
        key_id=key.id,
        asked={"models": ["all"], "output_format": "webp"} | ({"upscale_factor": 4} if factor else {}),
        wall_ms=31.5,
        status="partial",
        results=(
            ModelRecord("second", "success", 12.5, 0.25),
            ModelRecord("first", "error", 30.0, 0.0006, "out of ink"),
            ModelRecord("third", "skipped", 0.0, 0.0, "no weights"),
        ),
    )
    assert "picture" not in repr(record)
    assert key.sha256 not in repr(record)


def test_a_job_offers_what_succeeded_in_the_order_shown() -> None:
    """What failed or was left out cannot be picked."""
    more = ModelResult("alpha", Cutout("alpha", SIZE, 0.0, EngineReport("luminance", "CPU")), 1.0)
    shown = Result("job", (*result().results, more), SIZE, 1.0)

    assert JobRecord.of(("all",), "png", None, None, shown, created_at=0.0).offered == ("second", "alpha")


def test_a_pick_may_have_texts_of_the_full_length() -> None:
    """64 characters of category and 2000 of notes, of whatever script, or neither."""
    Pick("job", "first", "✂" * 64, "é" * 2000, 0.0)
    Pick("job", "none", None, None, 0.0)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("image_category", "c" * 65),
        ("notes", "n" * 2001),
        ("job_id", "a\0b"),
        ("selected_model_id", "\0"),
        ("image_category", "\0"),
        ("notes", "fine\0"),
    ],
)
def test_a_pick_refuses_texts_that_cannot_be_kept(field: str, text: str) -> None:
    """A text that is too long, or has a NUL, is refused by its field."""
    fields = {"job_id": "job", "selected_model_id": "first", "image_category": None, "notes": None, field: text}

    with pytest.raises(ValidationError) as refusal:
        Pick(**fields, created_at=0.0)  # type: ignore[arg-type]

    assert refusal.value.details == {"field": field}
