"""Weights on this disk are found in each place, and believed only under their checksum."""

import hashlib
import logging
import os
from pathlib import Path

import pytest

from cutout.models.spec import PackageSpec, WeightsSpec
from cutout.models.weights import at_hand, checksum_of

ONNX = bytes(range(256))
"""Stands for a model's file."""
MD5 = f"md5:{hashlib.md5(ONNX, usedforsecurity=False).hexdigest()}"
SHA256 = f"sha256:{hashlib.sha256(ONNX).hexdigest()}"
RELEASE = WeightsSpec(name="net", checksum=MD5)
PACKAGE = WeightsSpec(
    name="net",
    checksum="md5:0",
    package=PackageSpec(registry="npm", name="tiny", version="1.0", member="/net", checksum=SHA256),
)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home folder with rembg's usual places in it."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for variable in ("REMBG_HOME", "XDG_DATA_HOME", "U2NET_HOME"):
        monkeypatch.delenv(variable, raising=False)
    return tmp_path / "home"


def cached(home: Path, content: bytes) -> Path:
    """The model's file in the present place of rembg's cache."""
    file = home / ".rembg/models/net/net.onnx"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


@pytest.mark.parametrize("place", [".rembg/models/net/net.onnx", ".u2net/net.onnx"])
@pytest.mark.parametrize("of", ["release", "package"])
def test_cache_is_found_in_both_layouts(home: Path, place: str, of: str) -> None:
    """A file in either place of rembg's cache is taken when it is the release's or the package's."""
    file = home / place
    file.parent.mkdir(parents=True)
    file.write_bytes(ONNX)

    spec = RELEASE if of == "release" else PACKAGE
    found = at_hand(spec)

    assert found is not None
    assert (found.path, found.checksum) == (file, MD5 if of == "release" else SHA256)


def test_a_good_old_file_wins_over_a_damaged_new_one(home: Path) -> None:
    """A damaged file in the first place does not hide a good one in the second."""
    cached(home, ONNX[1:])
    flat = home / ".u2net/net.onnx"
    flat.parent.mkdir()
    flat.write_bytes(ONNX)

    found = at_hand(RELEASE)

    assert found is not None
    assert found.path == flat


def test_a_damaged_cached_file_is_reported(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A file with another checksum is not at hand, and a sentence in the log says so."""
    cached(home, ONNX[1:])

    with caplog.at_level(logging.WARNING):
        assert at_hand(RELEASE) is None

    assert "net in rembg's cache is not used" in caplog.text


def test_a_given_file_is_taken_as_it_is(home: Path, tmp_path: Path) -> None:
    """A file named in the configuration wins over the cache, whatever its checksum."""
    cached(home, ONNX)
    given = tmp_path / "mine.onnx"
    given.write_bytes(b"mine")

    found = at_hand(WeightsSpec(name="net", file=given, checksum=MD5))

    assert found is not None
    assert found.path == given
    assert found.checksum == f"sha256:{hashlib.sha256(b'mine').hexdigest()}"


def test_a_checksum_is_noted_and_believed_until_the_file_changes(tmp_path: Path) -> None:
    """Size and time of last change decide whether the noted checksum holds or the content is read again."""
    file = tmp_path / "net.onnx"
    file.write_bytes(ONNX)
    os.utime(file, ns=(0, 1_000))
    assert checksum_of(file, "md5") == MD5

    file.write_bytes(ONNX[::-1])
    os.utime(file, ns=(0, 1_000))
    assert checksum_of(file, "md5") == MD5  # the note is believed: nothing tells the two files apart

    os.utime(file, ns=(0, 2_000))
    assert checksum_of(file, "md5") == f"md5:{hashlib.md5(ONNX[::-1], usedforsecurity=False).hexdigest()}"
    assert checksum_of(file, "sha256") == f"sha256:{hashlib.sha256(ONNX[::-1]).hexdigest()}"


def test_a_folder_without_room_for_notes_is_hashed_anew(tmp_path: Path) -> None:
    """Where no note can be written, the checksum is still right."""
    file = tmp_path / "net.onnx"
    file.write_bytes(ONNX)
    (tmp_path / "net.onnx.checked").mkdir()

    assert checksum_of(file, "sha256") == SHA256
