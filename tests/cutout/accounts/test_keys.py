"""The key file: what it keeps, who is found in it, and what another process does to it meanwhile."""

import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cutout.accounts.keys import KeyRecord, KeyRing, make_key
from cutout.errors import ConfigurationError, NotFound, ValidationError
from tests.support.patience import HANG_S


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.jsonl"


def elsewhere(path: Path, code: str) -> "subprocess.Popen[str]":
    """Another process that works on the ring of the same file."""
    head = "from pathlib import Path; from cutout.accounts.keys import KeyRing, make_key; import sys\n"
    program = f"{head}ring = KeyRing(Path(sys.argv[1]))\n{code}"
    command = [sys.executable, "-c", program, str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def said(process: "subprocess.Popen[str]") -> str:
    out, _ = process.communicate(timeout=HANG_S)
    assert process.returncode == 0
    return out.strip()


def test_a_key_is_found_and_not_kept(path: Path) -> None:
    """A made key is found with all that was said of it; the file has its hash only, for its owner's eyes only."""
    text, record = make_key("Ann", tier="gold", models=["local_isnet"], daily_usd=2.5)

    KeyRing(path).add(record)

    assert KeyRing.load(path).find(text) == record
    assert (record.name, record.tier, record.models, record.daily_usd) == ("Ann", "gold", ("local_isnet",), 2.5)
    assert text.startswith(f"cutout_{record.id}_")
    assert text not in path.read_text()
    assert text[16:] not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


TEXT, RECORD = make_key("somebody")


@given(st.one_of(
    st.text(),
    st.text(max_size=3).map(lambda end: TEXT + end),
    st.integers(0, len(TEXT) - 1).map(lambda cut: TEXT[:cut]),
    st.tuples(st.integers(0, len(TEXT) - 1), st.characters()).map(lambda at: TEXT[: at[0]] + at[1] + TEXT[at[0] + 1 :]),
    st.sampled_from([TEXT.swapcase(), TEXT.upper(), TEXT.lower(), TEXT + " ", " " + TEXT, TEXT + "\n", RECORD.sha256]),
))  # fmt: skip
def test_only_the_exact_key_is_found(tmp_path_factory: pytest.TempPathFactory, presented: str) -> None:
    """Nothing but the key itself is found: no other case, no blank before or after it, no part of it, no hash."""
    assume(presented != TEXT)
    path = tmp_path_factory.getbasetemp() / "one.jsonl"
    if not path.exists():
        KeyRing(path).add(RECORD)
    ring = KeyRing.load(path)

    assert ring.find(presented) is None
    assert ring.find(TEXT) == RECORD


def test_each_key_is_its_own(path: Path) -> None:
    """Keys of one ring do not stand for each other, and no two made are alike."""
    made = [make_key(f"caller {number}") for number in range(20)]
    ring = KeyRing(path)
    for _, record in made:
        ring.add(record)

    assert [ring.find(text) for text, _ in made] == [record for _, record in made]
    assert len({text for text, _ in made}) == 20
    mixed = made[0][0][:16] + made[1][0][16:]
    assert ring.find(mixed) is None


def test_a_key_made_or_revoked_by_another_process_counts_at_once(path: Path) -> None:
    """A ring in use notices what a command in another process wrote, without a restart."""
    text, record = make_key("first")
    KeyRing(path).add(record)
    ring = KeyRing.load(path)
    assert ring.find(text) == record

    new = said(elsewhere(path, "text, record = make_key('second'); ring.add(record); print(text)"))
    second = ring.find(new)
    said(elsewhere(path, f"ring.revoke({record.id!r})"))

    assert second is not None
    assert second.name == "second"
    assert ring.find(text) is None
    assert ring.find(new) == second
    assert [r.revoked is None for r in ring.records] == [False, True]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_unchanged_file_is_not_read_again(path: Path) -> None:
    """A look-up costs no reading: the record found is the same object each time."""
    text, record = make_key("somebody")
    KeyRing(path).add(record)
    ring = KeyRing.load(path)

    assert ring.find(text) is ring.find(text)


def test_processes_that_write_at_once_lose_nothing(path: Path) -> None:
    """Two commands that make keys at the same time both keep theirs, and leave nothing behind but the file."""
    code = "print('ready', flush=True); sys.stdin.readline()\nfor n in range(20): ring.add(make_key(f'caller {n}')[1])"
    processes = [elsewhere(path, code) for _ in range(2)]
    for process in processes:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin
        process.stdin.write("go\n")
        process.stdin.flush()
    for process in processes:
        said(process)

    assert len(KeyRing.load(path).records) == 40
    assert {file.name for file in path.parent.iterdir()} <= {"keys.jsonl", "keys.jsonl.lock"}


def test_revoking(path: Path) -> None:
    """A revoked key keeps its line and its first time; an unknown id, and an id twice, are refused."""
    text, record = make_key("somebody")
    ring = KeyRing(path)
    ring.add(record)

    first = ring.revoke(record.id)

    assert first.revoked is not None
    assert first.revoked >= record.created
    assert ring.revoke(record.id) == first
    assert ring.find(text) is None
    with pytest.raises(NotFound, match="deadbeef"):
        ring.revoke("deadbeef")
    with pytest.raises(ValidationError, match=record.id):
        ring.add(record)


GOOD = make_key("good")[1].model_dump_json()


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ([GOOD, "{"], "line 2: key: Invalid JSON"),
        ([GOOD.replace('"tier"', '"teir"')], "line 1: key.teir"),
        (["", GOOD.replace('"daily_usd":null', '"daily_usd":-1')], "line 2: key.daily_usd"),
        ([GOOD, GOOD], "line 2: key.id"),
        ([GOOD, "\x00\x01"], "line 2: key"),
    ],
)
def test_a_wrong_line_is_named(path: Path, lines: list[str], wrong: str) -> None:
    """A file with a wrong line stops the start; the message names file, line and field."""
    path.write_text("\n".join(lines))

    with pytest.raises(ConfigurationError, match=re.escape(f"{path}: {wrong}")):
        KeyRing.load(path)


@pytest.mark.parametrize("fate", ["broken", "gone"])
def test_a_file_that_breaks_lets_nobody_in(path: Path, fate: str) -> None:
    """A file that breaks or goes while the ring is used is an error, not a reason to trust what it said before."""
    text, record = make_key("somebody")
    KeyRing(path).add(record)
    ring = KeyRing.load(path)
    assert ring.find(text)

    if fate == "gone":
        path.unlink()
    else:
        path.write_text("no key")

    with pytest.raises(ConfigurationError, match=re.escape(str(path))):
        ring.find(text)


def test_a_missing_file_is_named(path: Path) -> None:
    """A service that is told of a file that is not there does not start as if there were no keys."""
    with pytest.raises(ConfigurationError, match=re.escape(str(path))):
        KeyRing.load(path)


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A place where no file can be is a clear error of the command that makes a key."""
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "keys.jsonl"

    with pytest.raises(ConfigurationError, match=re.escape(str(path))):
        KeyRing(path).add(make_key("somebody")[1])


def test_a_record_travels_as_json() -> None:
    """A record is the same after it was written and read."""
    _, record = make_key("Zoë", models=["a", "b"], daily_usd=0)

    assert KeyRecord.model_validate_json(record.model_dump_json()) == record
