"""A service on loopback opens no port to others, Ray's and HAProxy's included."""

import json

import psutil

from serve_app.process.child_processes import members
from tests.cluster.conftest import Service

LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}


def test_every_socket_is_on_loopback(service: Service) -> None:
    """Of all processes of the run, and all that it started, none listens on another address."""
    [run_file] = (service.folder / "data").glob("run-*.json")
    run_id = json.loads(run_file.read_text())["run_id"]
    below = psutil.Process(service.process.pid).children(recursive=True)
    listening = {}
    for pid in {*members(run_id), *(process.pid for process in below)}:
        process = psutil.Process(pid)
        for one in process.net_connections("tcp"):
            if one.status == psutil.CONN_LISTEN:
                listening[one.laddr.port] = (one.laddr.ip, process.name())

    open_to_others = {port: where for port, where in listening.items() if where[0] not in LOOPBACK}
    print(f"{len(listening)} sockets listen; not on loopback: {open_to_others}")
    assert listening[service.http.base_url.port or 80][0] == "127.0.0.1"
    assert len(listening) > 10
    assert open_to_others == {}
