"""What HAProxy lets in, shows and writes down; the real one, with the configuration that Ray writes for it."""

import json
import socket
import stat
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from ray.serve._private.haproxy_templates import HAPROXY_CONFIG_TEMPLATE

from serve_app.process.haproxy.configuration import UnknownConfiguration, hardened
from serve_app.process.haproxy.program import change
from tests.support.haproxy import Door, proxy, written
from tests.support.patience import HANG_S

HALF = b"POST /remove-background HTTP/1.1\r\nHost: here\r\nX-"


def test_half_sent_heads_do_not_keep_others_out(tmp_path: Path) -> None:
    """More of them than there are connections: each is ended, and then somebody else is answered."""
    with proxy(tmp_path, brisk=True, maxconn=32) as door, ExitStack() as stack:
        half = [stack.enter_context(socket.create_connection(("127.0.0.1", door.port))) for _ in range(40)]
        for connection in half:
            connection.settimeout(HANG_S)
            connection.sendall(HALF)
        with door.http as http:
            assert _status(http, "/") == 200
        ended = [_ended(connection) for connection in half]
    print(f"{sum(ended)} of {len(half)} ended")
    assert all(ended)


def test_who_reads_nothing_is_ended(tmp_path: Path) -> None:
    """An answer that nobody reads is given up, and the replica hears of it."""
    with proxy(tmp_path, brisk=True) as door, socket.create_connection(("127.0.0.1", door.port)) as reader:
        reader.sendall(b"GET /endless HTTP/1.1\r\nHost: here\r\n\r\n")

        assert door.gone.wait(HANG_S)


@pytest.mark.parametrize(("host", "address"), [("0.0.0.0", "*"), ("::", "*"), ("192.0.2.7", "192.0.2.7")])
def test_the_service_is_where_its_host_says(tmp_path: Path, host: str, address: str) -> None:
    """Its own door stays open to other machines where the operator wants it, as in a container; no other port is."""
    door = Door(8000, tmp_path, 9000, 9001)
    text = hardened(written(door, 8080, True, {}, host).read_text())

    bound = {line.split()[1] for line in text.splitlines() if line.split()[:1] == ["bind"]}
    assert bound == {f"{address}:8000", "127.0.0.1:9000", "127.0.0.1:9001"}


def test_a_long_wait_is_no_idleness(tmp_path: Path) -> None:
    """A caller who waits for an answer longer than he may be idle gets it."""
    with proxy(tmp_path, brisk=True) as door, door.http as http:
        assert _status(http, "/slow") == 200


def test_its_socket_and_side_ports_are_for_this_user_and_machine(tmp_path: Path) -> None:
    """The socket that commands it has mode 0600; statistics and metrics listen on 127.0.0.1 alone."""
    with proxy(tmp_path) as door:
        mode = stat.S_IMODE((tmp_path / "admin.sock").stat().st_mode)
        ports = (door.stats_port, door.metrics_port)
        here = [_answers("127.0.0.1", port) for port in ports]
        elsewhere = [_answers("127.0.0.2", port) for port in ports]

    print(f"mode {mode:o}")
    assert mode == 0o600
    assert (here, elsewhere) == ([True, True], [False, False])


def test_no_query_is_logged(tmp_path: Path) -> None:
    """A log line has the path of a request; its query may hold a signature, or a webhook's secret."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as syslog:
        syslog.bind(("127.0.0.1", 0))
        syslog.settimeout(HANG_S)
        with proxy(tmp_path, log_target=f"127.0.0.1:{syslog.getsockname()[1]}") as door, door.http as http:
            http.get("/results/one?signature=s3cr3t&webhook_secret=s3cr3t")
            lines: list[str] = []
            while not any("/results/one" in line for line in lines):
                lines.append(syslog.recv(65536).decode())

    print(lines[-1])
    assert "s3cr3t" not in "".join(lines)


def test_a_request_has_one_id(tmp_path: Path) -> None:
    """Ray's replica repeats it; the first one, ours, is left."""
    with proxy(tmp_path) as door, door.http as http:
        assert http.get("/").headers.get_list("x-request-id") == ["ours"]


def test_before_the_application_is_known_callers_come_again(tmp_path: Path) -> None:
    """Just after a restart HAProxy knows no path: 503 with Retry-After and the contract's error, not 404."""
    with proxy(tmp_path, routed=False) as door, door.http as http:
        answer = http.post("/process", content=b"x")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert json.loads(answer.content)["error"]["type"] == "service_unavailable"


def test_a_changed_template_is_not_taken_silently(tmp_path: Path) -> None:
    """Ray's template has each line that is changed; one that misses any is refused by that line."""
    for line in ("mode 666", "option httplog", "timeout client", "bind *:", "bind :", "frontend http_frontend"):
        assert line in HAPROXY_CONFIG_TEMPLATE
    with pytest.raises(UnknownConfiguration, match="stats socket"):
        hardened("global\n")


def test_it_is_changed_once(tmp_path: Path) -> None:
    """A second start on the same file changes nothing more."""
    with proxy(tmp_path):
        file = tmp_path / "haproxy.cfg"
        before = file.read_text()
        change(file)

    assert file.read_text() == before
    assert before.count("timeout http-request") == 1


def _status(http: httpx.Client, path: str) -> int:
    """The status of an answer, asked for again as long as a busy machine sends no head within a second."""
    while (status := http.get(path).status_code) == 408:
        pass
    return status


def _ended(connection: socket.socket) -> bool:
    """Whether the other side closes it."""
    while connection.recv(65536):
        pass
    return True


def _answers(address: str, port: int) -> bool:
    try:
        return httpx.get(f"http://{address}:{port}/", timeout=HANG_S, trust_env=False).status_code > 0
    except httpx.ConnectError:
        return False
