"""python -m tests.providers [-- COMMAND]: every fake provider, until SIGINT, SIGTERM or the end of the command.

The command, such as the service, runs with the fakes' addresses in its environment. They are real HTTP servers on
loopback that compute real cutouts by a network of this repository, and misbehave on demand. The command gets a
configuration in which the names of their models say that they are stand-ins. A test starts the one it needs with
`serving.Served`.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path

from tests.providers.configuration import marked
from tests.providers.kie import FakeKie
from tests.providers.leonardo import FakeLeonardo
from tests.providers.network import CONFIGS, cutting
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
        variables, at_pictures = _served(options, servers)
        sys.stdout.write(
            "".join(f"export {line}\n" for line in _lines(variables))
            + "".join(f"# backend http_api: options.url: {at_pictures}{path}\n" for path in DIALECTS)
            + f"# Misbehave: POST {variables['RUNWARE_BASE_URL'].removesuffix('/v1')}/_script "
            "{\"once\": {\"task\": [\"busy\", \"hang\"]}}; the stages and behaviours are in the modules of "
            "tests/providers.\n"
        )  # fmt: skip
        sys.stdout.flush()
        if options.command:
            return _run(options.command, variables)
        stop.wait()
    return 0


def _served(options: argparse.Namespace, servers: ExitStack) -> tuple[dict[str, str], str]:
    """The variables that lead to the fakes, and the address of those that need none."""
    runware, kie = FakeRunware(options.latency_s), FakeKie(options.latency_s, options.kie_errors_as)
    leonardo, pictures = FakeLeonardo(options.latency_s), FakePictureApi(options.latency_s)
    runware.cut = kie.cut = leonardo.cut = pictures.cut = cutting()
    apps = {
        "runware": (runware.app, options.runware_port),
        "kie": (kie.api, options.kie_port),
        "files": (kie.files, options.kie_files_port),
        "leonardo": (leonardo.app, options.leonardo_port),
        "pictures": (pictures.app, options.picture_api_port),
    }
    at = {name: servers.enter_context(Served(app, port)).url for name, (app, port) in apps.items()}
    kie.files_url = at["files"]
    return {
        "RUNWARE_BASE_URL": f"{at['runware']}/v1", "RUNWARE_API_KEY": "fake",
        "KIE_BASE_URL": at["kie"], "KIE_UPLOAD_URL": at["files"], "KIE_API_KEY": "fake",
        "LEONARDO_BASE_URL": f"{at['leonardo']}/api/rest/v2", "LEONARDO_API_KEY": "fake",
    }, at["pictures"]  # fmt: skip


def _lines(variables: dict[str, str]) -> list[str]:
    """Assignments, those of a provider on one line."""
    by_provider: dict[str, list[str]] = {}
    for name, value in variables.items():
        by_provider.setdefault(name.partition("_")[0], []).append(f"{name}={value}")
    return [" ".join(line) for line in by_provider.values()]


def _run(command: list[str], variables: dict[str, str]) -> int:
    with tempfile.TemporaryDirectory(prefix="cutout-stand-ins-") as folder:
        configs = marked(Path(os.environ.get("CUTOUT_CONFIG_DIR", CONFIGS)), Path(folder))
        child = subprocess.Popen(command, env={**os.environ, **variables, "CUTOUT_CONFIG_DIR": str(configs)})
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
    parser.add_argument("--leonardo-port", type=int, default=9105, help="default: %(default)s")
    parser.add_argument("--latency-s", type=float, default=0.0, help="seconds a picture takes; default: %(default)s")
    parser.add_argument("--kie-errors-as", choices=("body", "status"), default="body", help="default: %(default)s")
    parser.add_argument("command", nargs="*", help="run this, with the fakes in the place of the providers")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
