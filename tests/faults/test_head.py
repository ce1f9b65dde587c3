"""Ray's own two processes of a machine die under load: on one machine the service ends, and is started again."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from benchmarks.processes import started, wait_until
from tests.faults.paying import PAID, Provider, provider
from tests.support import load
from tests.support.patience import HANG_S
from tests.support.ray_service import STEADY, Running, serving, variables, wait_for
from tests.support.sample_pictures import picture

pytestmark = pytest.mark.long


@contextmanager
def again(service: Running, paid: Provider) -> Iterator[None]:
    """The service started anew where it was, as Docker's --restart does."""
    log, port = service.folder / "again.log", service.address.rpartition(":")[2]
    assert isinstance(service.process.args, list)
    command = [str(part) for part in service.process.args]
    environment = {**os.environ, **variables(service.folder), **paid.variables, "PORT": port}
    with started(command, environment, log) as process:
        wait_until(lambda: "is ready: http" in log.read_text(errors="replace"), process, log, HANG_S)
        yield


@pytest.mark.parametrize("kind", ["gcs/gcs_server", "raylet/raylet "])
def test_the_head_dies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """The service ends by itself and says so by its exit code; started again, it answers every request sent again."""
    monkeypatch.setattr(load, "PATIENCE_S", 2 * HANG_S)
    shot = load.Shot("/remove-background?include_models=steady", picture(96, 64))
    with (
        provider() as paid,
        serving(tmp_path, {"steady": STEADY, "paid": PAID}, None, **paid.variables) as service,
        ExitStack() as restarted,  # outlives the callers
        paid.paid(service, f"kill -9 of {kind}"),
        load.Load(service.address, 4, lambda _: shot, keyed=True) as jobs,
    ):
        jobs.wait_answers(10)
        before = jobs.tally.answered
        service.kill(kind)
        ended_s = wait_for(lambda: service.process.poll() is not None, HANG_S, "the service's end")
        meanwhile = jobs.tally.answered - before
        restarted.enter_context(again(service, paid))
        jobs.wait_answers(10)

    print(f"\nkill -9 of {kind}: {meanwhile} answered until the end after {ended_s:.0f} s; {jobs.tally}")
    assert service.process.returncode == 1
    assert jobs.tally.lost == []
