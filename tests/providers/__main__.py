"""python -m tests.providers [-- COMMAND]: every fake provider, until SIGINT, SIGTERM or the end of the command.

The command, such as the service, runs with the fakes' addresses in its environment. They are real HTTP servers on
loopback that compute real cutouts, and misbehave on demand. A test starts the one it needs with `serving.Served`.
"""

import argparse
import os
import signal
import subprocess
import sys
import threading
from contextlib import ExitStack

from tests.providers.kie import FakeKie
from tests.providers.picture_api import DIALECTS, FakePictureApi
from tests.providers.runware import FakeRunware
from tests.providers.serving import Served


def main() -> int:
    """Serve, say where, and wait."""
    options = _options()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with ExitStack() as servers:
        runware = FakeRunware(options.latency_s)
        kie = FakeKie(options.latency_s, options.kie_errors_as)
        pictures = FakePictureApi(options.latency_s)
        at_runware = servers.enter_context(Served(runware.app, options.runware_port)).url
        at_kie = servers.enter_context(Served(kie.api, options.kie_port)).url
        kie.files_url = servers.enter_context(Served(kie.files, options.kie_files_port)).url
        at_pictures = servers.enter_context(Served(pictures.app, options.picture_api_port)).url
        sys.stdout.write(
            f"export RUNWARE_BASE_URL={at_runware}/v1 RUNWARE_API_KEY=fake\n"
            f"export KIE_BASE_URL={at_kie} KIE_UPLOAD_URL={kie.files_url} KIE_API_KEY=fake\n"
            + "".join(f"# backend http_api: options.url: {at_pictures}{path}\n" for path in DIALECTS)
            + f"# Misbehave: POST {at_runware}/_script {{\"once\": {{\"task\": [\"busy\", \"hang\"]}}}}; "
            "the stages and behaviours are in the modules of tests/providers.\n"
        )  # fmt: skip
        sys.stdout.flush()
        if options.command:
            return _run(options.command, at_runware, at_kie, kie.files_url)
        stop.wait()
    return 0


def _run(command: list[str], at_runware: str, at_kie: str, at_files: str) -> int:
    addresses = {"RUNWARE_BASE_URL": f"{at_runware}/v1", "KIE_BASE_URL": at_kie, "KIE_UPLOAD_URL": at_files}
    keys = {"RUNWARE_API_KEY": "fake", "KIE_API_KEY": "fake"}
    child = subprocess.Popen(command, env={**os.environ, **addresses, **keys})
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: child.terminate())
    return child.wait()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.providers", description="Fake providers of cutouts on this machine."
    )
    parser.add_argument("--runware-port", type=int, default=9101, help="default: %(default)s")
    parser.add_argument("--kie-port", type=int, default=9102, help="default: %(default)s")
    parser.add_argument("--kie-files-port", type=int, default=9103, help="default: %(default)s")
    parser.add_argument("--picture-api-port", type=int, default=9104, help="default: %(default)s")
    parser.add_argument("--latency-s", type=float, default=0.0, help="seconds a picture takes; default: %(default)s")
    parser.add_argument("--kie-errors-as", choices=("body", "status"), default="body", help="default: %(default)s")
    parser.add_argument("command", nargs="*", help="run this, with the fakes in the place of the providers")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
