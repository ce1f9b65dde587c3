"""Starting and ending: one command, one sentence when it cannot, and nothing left behind."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

from serve_app.leftovers import RUN_ID, members
from tests.cluster.conftest import ROOT, free_port, start, wait_ready


def run(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """`python -m serve_app` with what is wrong, to its end."""
    return subprocess.run(
        [sys.executable, "-m", "serve_app"],
        env={**os.environ, "CUTOUT_DATA_DIR": str(folder), **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_a_taken_port_is_one_sentence(tmp_path: Path) -> None:
    """A port that is taken stops the start before Ray, with the port and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        ended = run(tmp_path, PORT=str(port))

    assert ended.returncode == 2
    assert ended.stderr.startswith(f"Port {port} on 127.0.0.1 cannot be taken")
    assert "PORT=" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_a_wrong_port_is_one_sentence(tmp_path: Path) -> None:
    """PORT must be a port."""
    assert "PORT: a number from 1 to 65535 expected, not 'http'" in run(tmp_path, PORT="http").stderr


def test_a_wrong_configuration_is_one_sentence(tmp_path: Path) -> None:
    """A bad registry file stops the start with file, field and what was expected."""
    (tmp_path / "models").mkdir()
    (tmp_path / "service.yaml").write_text("limits: {body_bytes: none}\n")

    ended = run(tmp_path, PORT=str(free_port()), CUTOUT_CONFIG_DIR=str(tmp_path))

    assert ended.returncode == 2
    assert "service.yaml: limits.body_bytes: Input should be a valid integer" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1


def test_nothing_is_left_behind(tmp_path: Path) -> None:
    """After Ctrl-C no process of the run lives, the port is free, and the exit code is 0.

    The session's own service, ended by SIGTERM, is looked at in its fixture.
    """
    port = free_port()
    process = start(tmp_path, port)
    wait_ready(process, tmp_path)
    environment = (Path("/proc") / _child(process.pid) / "environ").read_bytes().split(b"\0")
    run_id = next(line.split(b"=")[1].decode() for line in environment if line.startswith(RUN_ID.encode()))
    assert len(members(run_id)) > 5

    process.send_signal(signal.SIGINT)

    assert process.wait(60) == 0, (tmp_path / "log").read_text()
    assert members(run_id) == []
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as a server does: closed connections linger
        probe.bind(("127.0.0.1", port))


def _child(pid: int) -> str:
    return (Path("/proc") / str(pid) / "task" / str(pid) / "children").read_text().split()[0]
