"""A reload of HAProxy, which a replica that comes or goes brings about, cuts no request that is still in time."""

import shutil
from pathlib import Path

import pytest
from ray.serve._private import constants

from cutout.errors import ConfigurationError
from cutout.limits import LimitsSpec
from serve_app.build import build_app
from serve_app.process.haproxy.hard_stop import check_hard_stop, outlast
from serve_app.settings import HARD_STOP, RAYS_OWN_S

CONFIGS = Path(__file__).parent.parent.parent / "configs"
REQUESTS = [0.5, 120.0, 540.0, 1234.5, 86400.0]


@pytest.mark.parametrize("request_s", REQUESTS)
@pytest.mark.parametrize("given", [None, "1", "120", "660", "100000"])
def test_the_start_lets_it_outlast_the_longest_request(request_s: float, given: str | None) -> None:
    """Whatever the longest request and the operator's setting: a longer one stays, a shorter one is raised."""
    environment = {} if given is None else {HARD_STOP: given}
    outlast(limits := LimitsSpec(request_s=request_s), environment)
    seconds = int(environment.get(HARD_STOP, RAYS_OWN_S))

    print(f"requests of {request_s:g} s, {given} given: cut after {seconds} s")
    assert seconds > request_s
    assert given is None or seconds >= int(given)
    check_hard_stop(limits, str(seconds))


@pytest.mark.parametrize("hard_stop", ["120", "599", "600", "", "soon", "-1", "1e9"])
def test_a_shorter_one_stops_the_start(hard_stop: str) -> None:
    """On a cluster of somebody else's it cannot be raised: the field, the variable and the least value are named."""
    with pytest.raises(ConfigurationError, match=rf"limits\.request_s: .*{HARD_STOP}=.*at least 660 expected"):
        check_hard_stop(LimitsSpec(request_s=600), hard_stop)
    check_hard_stop(LimitsSpec(request_s=600), None)


@pytest.mark.parametrize(("variables", "refused"), [({}, True), ({HARD_STOP: "100000"}, False)])
def test_the_application_is_not_built_with_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variables: dict[str, str], refused: bool
) -> None:
    """What Ray builds from asks the environment of its node, where Ray's own default counts when nothing is set."""
    shutil.copytree(CONFIGS, tmp_path, dirs_exist_ok=True)
    (tmp_path / "service.yaml").write_text("limits: {request_s: 121}\n")
    monkeypatch.delenv(HARD_STOP, raising=False)
    for name, value in {"RAY_SERVE_ENABLE_HA_PROXY": "1", **variables}.items():
        monkeypatch.setenv(name, value)
    if not refused:
        build_app({"config_dir": str(tmp_path)})
        return
    with pytest.raises(ConfigurationError, match=f"{HARD_STOP}=120"):
        build_app({"config_dir": str(tmp_path)})


def test_rays_default_is_known() -> None:
    """What Ray takes when the environment says nothing."""
    assert int(RAYS_OWN_S) == constants.RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S
