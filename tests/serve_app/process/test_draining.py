"""The real HAProxy is stopped under load, as the service stops it."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from serve_app.process.child_processes import members
from serve_app.process.draining import HAPROXY, stop_haproxy
from serve_app.settings import RUN_ID
from tests.support.haproxy import Door, proxy
from tests.support.patience import HANG_S

CALLERS = 4
RUN = "5" * 32


@pytest.mark.parametrize("connection", ["close", "keep-alive"])
def test_no_request_is_cut_when_haproxy_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, connection: str) -> None:
    """Callers who ask without a pause get whole answers until their connections are refused; SIGKILL cuts each."""
    monkeypatch.setenv(RUN_ID, RUN)
    outcomes: Counter[int | str] = Counter()
    answered = threading.Semaphore(0)

    def ask(door: Door) -> None:
        with door.http as http:
            while True:
                try:
                    outcomes[http.get("/", headers={"Connection": connection}).status_code] += 1
                except httpx.ConnectError:
                    return
                except httpx.TransportError as cut:
                    outcomes[type(cut).__name__] += 1
                answered.release()

    with proxy(tmp_path) as door, ThreadPoolExecutor(CALLERS) as pool:
        callers = [pool.submit(ask, door) for _ in range(CALLERS)]
        for _ in range(10 * CALLERS):
            assert answered.acquire(timeout=HANG_S)
        stop_haproxy(RUN)
        for caller in callers:
            caller.result(HANG_S)

    print(f"\n{dict(outcomes)}, then refused connections")
    assert set(outcomes) == {200}
    assert members(RUN, HAPROXY) == []


def test_an_idle_connection_does_not_delay_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a caller keeps a connection open and sends nothing, the wait for HAProxy is bounded."""
    monkeypatch.setenv(RUN_ID, RUN)
    monkeypatch.setattr("serve_app.process.draining.SOFT_STOP_S", 0.1)
    with proxy(tmp_path) as door, door.http as http:
        assert http.get("/").status_code == 200
        stop_haproxy(RUN)
        assert len(members(RUN, HAPROXY)) == 1
