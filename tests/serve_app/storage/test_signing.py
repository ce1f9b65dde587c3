"""Signed addresses, and the secret behind them."""

import stat
import subprocess
import sys
import uuid
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cutout.errors import ConfigurationError, Forbidden
from serve_app.storage.signing import Signer, load_secret
from tests.support.patience import HANG_S

JOB = str(uuid.uuid4())
SECRET = b"s" * 32
texts = st.text(max_size=30)


def parts(path: str) -> tuple[str, str, str, str]:
    """Job, name, expires and signature of an address."""
    url = urlsplit(path)
    _, job_id, name = url.path.split("/")
    query = parse_qs(url.query)
    return job_id, name, query["expires"][0], query["signature"][0]


def test_an_address_is_good_until_it_expires() -> None:
    """What was signed is accepted, with the seconds left; what has expired is refused."""
    assert 55 < Signer(SECRET, 60).check(*parts(Signer(SECRET, 60).path(JOB, "a.png"))) <= 61

    with pytest.raises(Forbidden, match="expired"):
        Signer(SECRET, 60).check(*parts(Signer(SECRET, -5).path(JOB, "a.png")))


@given(st.integers(0, 3), texts)
def test_a_changed_address_is_refused(which: int, text: str) -> None:
    """Whichever part of an address is replaced by whatever text, it is refused as not signed."""
    address = list(parts(Signer(SECRET, 60).path(JOB, "a.png")))
    assume(address[which] != text)
    address[which] = text

    with pytest.raises(Forbidden, match="not signed"):
        Signer(SECRET, 60).check(*address)


@given(st.integers(0, 63))
def test_a_signature_off_by_one_digit_is_refused(place: int) -> None:
    """Every digit of the signature counts."""
    job_id, name, expires, signature = parts(Signer(SECRET, 60).path(JOB, "a.png"))
    forged = signature[:place] + ("0" if signature[place] != "0" else "1") + signature[place + 1 :]

    with pytest.raises(Forbidden):
        Signer(SECRET, 60).check(job_id, name, expires, forged)


def test_another_secret_signs_nothing_here() -> None:
    """An address signed by another service is refused."""
    with pytest.raises(Forbidden):
        Signer(SECRET, 60).check(*parts(Signer(b"t" * 32, 60).path(JOB, "a.png")))


@given(texts, texts, texts, texts)
def test_each_idempotency_key_has_its_own_job(caller: str, key: str, caller_2: str, key_2: str) -> None:
    """The same caller and key give the same uuid4; other ones, however the texts are cut, give another."""
    signer = Signer(SECRET, 60)
    job_id = signer.job_id(caller, key)

    assert job_id == signer.job_id(caller, key)
    assert uuid.UUID(job_id).version == 4
    assert (job_id == signer.job_id(caller_2, key_2)) == ((caller, key) == (caller_2, key_2))
    assert job_id != Signer(b"t" * 32, 60).job_id(caller, key)


def test_the_secret_is_made_once(tmp_path: Path) -> None:
    """The first call makes a file that only its owner may read; later calls give the same secret."""
    folder = tmp_path / "data"
    first = load_secret(folder)

    assert first == load_secret(folder)
    assert len(first) == 32
    assert stat.S_IMODE((folder / "url_secret").stat().st_mode) == 0o600
    assert [file.name for file in folder.iterdir()] == ["url_secret"]


def test_processes_that_start_together_have_one_secret(tmp_path: Path) -> None:
    """Of several processes that make the secret at once, all use the same."""
    names = "from pathlib import Path; from serve_app.storage.signing import *"
    code = f"{names}; print(load_secret(Path({str(tmp_path)!r})).hex())"
    started = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for _ in range(4)]
    said = {process.communicate(timeout=HANG_S)[0] for process in started}

    assert said == {load_secret(tmp_path).hex().encode() + b"\n"}


def test_an_operators_own_secret(tmp_path: Path) -> None:
    """A given secret is used as it is, and no file is made; a short one, or a damaged file, stops the start."""
    assert load_secret(tmp_path, "correct horse battery staple") == b"correct horse battery staple"
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ConfigurationError, match="16"):
        load_secret(tmp_path, "short")
    (tmp_path / "url_secret").write_bytes(b"")
    with pytest.raises(ConfigurationError, match="32 bytes"):
        load_secret(tmp_path)
