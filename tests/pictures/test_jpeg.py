"""JPEG: where a file ends, and how many scans it has."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from cutout.errors import InvalidFormat
from cutout.limits import LimitsSpec
from cutout.pixels.decoding.picture_file import decode
from tests.pictures.files import saved

PHOTO = Image.open(Path(__file__).parents[1] / "photos" / "chelsea.jpg").convert("RGB")
KINDS: dict[str, dict[str, object]] = {
    "4:2:0": {}, "4:4:4": {"subsampling": 0}, "optimized": {"optimize": True}, "progressive": {"progressive": True},
    "restarts": {"restart_marker_rows": 1}, "best": {"quality": 100}, "worst": {"quality": 1},
}  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
@pytest.mark.parametrize("lost", [1, 2])
def test_only_the_end_marker_is_missing(kind: str, mode: str, lost: int) -> None:
    """All pixels are there: they are the same as with the marker."""
    whole = saved(PHOTO.convert(mode), "JPEG", **KINDS[kind])

    assert np.array_equal(decode(whole[:-lost], LimitsSpec()).rgb, decode(whole, LimitsSpec()).rgb)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "progressive"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_more_than_the_end_marker_is_missing(kind: str, mode: str) -> None:
    """Wherever the pixels break off, it is an error, never half a picture."""
    whole = saved(PHOTO.convert(mode), "JPEG", **KINDS[kind])

    for kept in (0.02, 0.3, 0.7, 0.99, 1 - 60 / len(whole)):
        with pytest.raises(InvalidFormat, match="damaged or incomplete"):
            decode(whole[: int(len(whole) * kept)], LimitsSpec())


def test_a_progressive_file_breaks_off() -> None:
    """It is read once its last scan has begun, which only adds the last bit; before, it is an error."""
    whole = saved(PHOTO, "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    truth = decode(whole, LimitsSpec()).rgb.astype(int)

    assert np.abs(decode(whole[: last + 600], LimitsSpec()).rgb - truth).mean() < 4
    with pytest.raises(InvalidFormat, match="damaged or incomplete"):
        decode(whole[:last], LimitsSpec())


def test_scans_are_counted() -> None:
    """A last scan that is repeated is refused before it is decoded, at the figure that goes with the size."""
    whole = saved(PHOTO, "JPEG", progressive=True)
    scan = whole[whole.rindex(b"\xff\xda") : -2]
    scans = whole.count(b"\xff\xda")

    assert decode(whole[:-2] + scan * (100 - scans) + whole[-2:], LimitsSpec()).rgb.shape == (300, 451, 3)
    with pytest.raises(InvalidFormat, match="at most 100 scans"):
        decode(whole[:-2] + scan * (101 - scans) + whole[-2:], LimitsSpec())


def test_an_empty_segment_for_ever() -> None:
    """Segments are counted as well."""
    whole = saved(PHOTO, "JPEG")

    with pytest.raises(InvalidFormat, match="10000 segments"):
        decode(whole[:2] + b"\xff\xfe\0\2" * 10_001 + whole[2:], LimitsSpec())
