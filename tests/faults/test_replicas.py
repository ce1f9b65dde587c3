"""A replica that hangs, one that runs out of memory, and all of them replaced, while callers send."""

import os
import resource
import signal
from pathlib import Path

import pytest

from benchmarks.operations import redeploy
from tests.faults.paying import Provider
from tests.support.load import Load, Shot
from tests.support.patience import HANG_S
from tests.support.ray_service import Running, wait_for
from tests.support.sample_pictures import cut_by, picture

pytestmark = pytest.mark.long


def test_a_hung_replica_is_replaced_and_its_work_sent_again(fakes: Running, paid: Provider) -> None:
    """One of two replicas stands still: Serve's health check ends it, and its calls are answered by the other."""
    hung = fakes.replicas("steady")[0]
    with paid.paid(fakes, "a replica that hangs"), Load(fakes.address, 4, lambda _: cut_by("steady")) as load:
        load.wait_answers(10)
        os.kill(hung, signal.SIGSTOP)
        wait_for(lambda: hung not in fakes.replicas("steady"), HANG_S, "the hung replica's end")
        load.wait_answers(30)
    wait_for(lambda: len(fakes.replicas("steady")) == 2, HANG_S, "the replica back")

    print(f"\na replica that hangs: {load.tally}")
    assert (load.tally.lost, load.tally.cut_off, load.tally.refused) == ([], 0, 0)


def test_a_picture_too_large_for_memory_harms_nobody(fakes: Running, paid: Provider) -> None:
    """The upscaler may take 300 MB more, and a picture wants 1 GB: it is answered or refused, all others answered."""
    for pid in fakes.replicas("Upscaler"):
        most = int((Path("/proc") / str(pid) / "statm").read_text().split()[0]) * 4096 + 300_000_000
        resource.prlimit(pid, resource.RLIMIT_AS, (most, most))
    huge = Shot("/upscale?scale_factor=4", picture(3000, 3000))
    small = cut_by("steady", path="/process")
    with (
        paid.paid(fakes, "out of memory"),
        Load(fakes.address, 1, lambda _: huge) as large,
        Load(fakes.address, 4, lambda _: small) as load,
    ):
        wait_for(lambda: bool(large.tally.answered + large.tally.refused + len(large.tally.lost)), HANG_S, "its answer")
        load.wait_answers(30)

    print(f"\nout of memory, the huge ones: {large.tally}\nout of memory, the others: {load.tally}")
    assert (large.tally.lost, load.tally.lost) == ([], [])


def test_a_rolling_redeploy_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every replica is replaced under load: no request is lost."""
    monkeypatch.setattr(redeploy, "REQUESTS", 300)

    verdict = redeploy.redeploy(tmp_path, None)

    print(f"\na rolling redeploy: {verdict.measured}")
    assert verdict.held
