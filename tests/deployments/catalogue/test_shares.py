"""Processes and CPUs of the stages follow from the models' processor time, and from a profile."""

from pathlib import Path

import pytest

from cutout.errors import ConfigurationError
from deployments.catalogue.shares import (
    DETAILING,
    DETAILING_BYTES,
    FINISHING,
    READING,
    Machines,
    profile,
    shares,
)
from tests.support.in_process import model

QUICK, SLOW = model("quick", cpu_s=0.26), model("slow", cpu_s=1.7)
PAID = model("paid", provider="afar", price_usd=0.1)
PROFILE = """
applications:
- deployments:
  - {name: slow, ray_actor_options: {num_cpus: 1, num_gpus: 0.5}}
  - {name: quick, ray_actor_options: {num_cpus: 2}}
  - {name: paid, max_ongoing_requests: 8, autoscaling_config: {max_replicas: 3}}
"""


@pytest.mark.parametrize(("cores", "quick", "slow", "finishing"), [(2, 2, 2, 1), (16, 13, 15, 3)])
def test_one_network_has_a_process_for_each_core(cores: int, quick: int, slow: int, finishing: int) -> None:
    """Less what writing takes; each has one thread."""
    found = {spec.id: shares([spec], Machines(cores, 0), {}, fused=False) for spec in (QUICK, SLOW)}

    assert found["quick"]["quick"].processes == quick
    assert found["slow"]["slow"].processes == slow
    assert found["quick"][FINISHING].processes == finishing
    assert {found[name][name].cpus for name in found} == {1.0}


def test_networks_share_the_cores_by_their_time() -> None:
    """The slow one has most of them, and none has nothing; `fused` takes its own part."""
    plain = shares([QUICK, SLOW], Machines(16, 0), {}, fused=False)
    fused = shares([QUICK, SLOW], Machines(16, 0), {}, fused=True)

    assert [plain[name].processes for name in (READING, "quick", "slow", FINISHING)] == [2, 2, 13, 1]
    assert fused[FINISHING].processes > plain[FINISHING].processes


@pytest.mark.parametrize(("room", "processes"), [(0, 1), (1, 1), (3.9, 3), (100, 16)])
def test_detail_has_processes_where_it_is_asked(room: float, processes: int) -> None:
    """Nearly all cores, which it needs for nearly all of the time, as far as the memory goes; else none."""
    machines = Machines(16, 0, room * DETAILING_BYTES)
    found = shares([QUICK], machines, {}, fused=False, detailed=True)

    assert (found[DETAILING].processes, found[DETAILING].cpus, found["quick"].processes) == (processes, 1.0, 1)
    assert DETAILING not in shares([QUICK], machines, {}, fused=False)


def test_a_profile_gives_gpus_and_calls_at_a_time(tmp_path: Path) -> None:
    """As many processes as its share of a GPU allows; a provider's model as often as the service calls it."""
    (tmp_path / "profile.yaml").write_text(PROFILE)
    given = profile(tmp_path / "profile.yaml")
    found = shares([QUICK, SLOW, PAID], Machines(16, 2), given, fused=False)

    assert (found["slow"].processes, found["slow"].gpus) == (4, 0.5)
    assert (found["quick"].processes, found["quick"].cpus) == (6, 2)
    assert (found["paid"].processes, found["paid"].at_once) == (3, 8)


@pytest.mark.parametrize(
    "text", ["applications: []", "[", "applications: [{deployments: [{name: a, num_replicas: x}]}]"]
)
def test_what_is_no_profile_is_refused(tmp_path: Path, text: str) -> None:
    """The message names the file."""
    (tmp_path / "profile.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=r"profile\.yaml"):
        profile(tmp_path / "profile.yaml")
