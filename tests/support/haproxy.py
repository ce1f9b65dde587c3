"""HAProxy as Ray starts it, with the configuration that Ray writes, before a small server; without Ray."""

import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
from ray.serve._private.haproxy import BackendConfig, HAProxyApi, HAProxyConfig, ServerConfig
from ray.serve.config import HTTPOptions

from serve_app.process.haproxy.configuration import HEAD_S, STILL_S, hardened
from serve_app.process.haproxy.program import MARK
from serve_app.settings import free_port, ray_environment
from tests.support.patience import HANG_S

LARGE = 4 * 1024 * 1024


@dataclass
class Door:
    """A HAProxy that runs."""

    port: int
    folder: Path
    stats_port: int
    metrics_port: int
    gone: threading.Event = field(default_factory=threading.Event)
    """A caller went away before he had read everything."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url, trust_env=False, timeout=HANG_S)


@contextmanager
def proxy(
    folder: Path, server_port: int | None = None, *, routed: bool = True, brisk: bool = False, **config: Any
) -> Iterator[Door]:
    """HAProxy before a server; `brisk` gives callers 1 s where they have ten or sixty, `config` is of HAProxyConfig."""
    door = Door(free_port(), folder, free_port(), free_port())
    with ExitStack() as stack:
        if server_port is None:
            server_port = stack.enter_context(_server(door.gone))
        file = written(door, server_port, routed, config)
        if brisk:
            text = hardened(file.read_text())
            text = text.replace(f"http-request {HEAD_S}s", "http-request 1s").replace(f"client {STILL_S}s", "client 1s")
            file.write_text(MARK + text)
        program = ray_environment("0" * 8)["RAY_SERVE_HAPROXY_BINARY_PATH"]
        haproxy = stack.enter_context(subprocess.Popen([program, "-db", "-f", str(file)]))
        stack.callback(haproxy.terminate)
        _wait(door, haproxy)
        yield door


def written(door: Door, server_port: int, routed: bool, config: dict[str, Any], host: str = "127.0.0.1") -> Path:
    """The file that Ray would write."""
    file = door.folder / "haproxy.cfg"
    cfg = HAProxyConfig(
        socket_path=str(door.folder / "admin.sock"),
        server_state_base=str(door.folder),
        server_state_file=str(door.folder / "server-state"),
        stats_port=door.stats_port,
        metrics_port=door.metrics_port,
        metrics_enabled=False,
        http_options=HTTPOptions(host=host, port=door.port),
        has_received_routes=True,
        has_received_servers=True,
        http_health_check_path=None,
        **config,
    )
    server = ServerConfig(name="one", host="127.0.0.1", port=server_port)
    backend = BackendConfig(
        name="cutout", path_prefix="/", servers=[server], app_name="cutout", http_health_check_path=None
    )
    api = HAProxyApi(cfg, {"cutout": backend} if routed else {}, str(file))
    api._generate_config_file_internal()
    return file


def _wait(door: Door, haproxy: subprocess.Popen[bytes]) -> None:
    """Until it answers on its side port, where no test asks."""
    deadline = time.monotonic() + HANG_S
    while time.monotonic() < deadline:
        assert haproxy.poll() is None
        try:
            httpx.get(f"http://127.0.0.1:{door.metrics_port}/metrics", timeout=HANG_S, trust_env=False)
        except httpx.TransportError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("HAProxy did not start")


@contextmanager
def _server(gone: threading.Event) -> Iterator[int]:
    """The port of a server: /large is LARGE bytes, /endless never ends, /slow takes 3 s; two request ids."""

    class Answers(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            if self.path.startswith("/slow"):
                time.sleep(3)
            size = {"/large": LARGE, "/endless": 1 << 40}.get(self.path, 2)
            self.send_response(200)
            self.send_header("Content-Length", str(size))
            self.send_header("X-Request-Id", "ours")
            self.send_header("X-Request-Id", "Ray's")
            self.end_headers()
            try:
                for _ in range(-(-size // LARGE)):
                    self.wfile.write(bytes(min(size, LARGE)))
            except OSError:
                gone.set()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name in http.server
            """Keep the tests' output readable."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()
