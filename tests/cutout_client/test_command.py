"""The command `cutout`, as it is typed."""

import subprocess
import sys
from pathlib import Path

from cutout.keys import KeyRing


def cutout(*arguments: str, file: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "cutout_client.command", *arguments, "--file", str(file)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_key_is_made_listed_and_revoked(tmp_path: Path) -> None:
    """`keys make` prints a key that the ring knows; `list` never shows it; after `revoke` it is refused."""
    file = tmp_path / "keys"

    made = cutout("keys", "make", "Ada", "--model", "local_isnet", "--daily-usd", "2.5", file=file)
    record = KeyRing.load(file).find(made.stdout.strip())
    listed = cutout("keys", "list", file=file)

    assert record is not None
    assert (record.name, record.models, record.daily_usd) == ("Ada", ("local_isnet",), 2.5)
    assert "Ada" in listed.stdout
    assert made.stdout.strip() not in listed.stdout
    assert cutout("keys", "revoke", record.id, file=file).returncode == 0
    assert KeyRing.load(file).find(made.stdout.strip()) is None


def test_what_is_wrong_is_one_sentence(tmp_path: Path) -> None:
    """A missing file is one sentence on stderr and exit code 1."""
    ended = cutout("keys", "list", file=tmp_path / "nowhere")

    assert ended.returncode == 1
    assert len(ended.stderr.strip().splitlines()) == 1
