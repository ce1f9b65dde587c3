"""What the service leans on goes wrong while callers send: its database, a model's weights, the clock."""

import json
import time
from pathlib import Path

import httpx
import pytest

from tests.faults.paying import PAID, provider
from tests.support.databases import postgres_server
from tests.support.load import Load, Shot
from tests.support.onnx_networks import brightness_network
from tests.support.patience import HANG_S
from tests.support.ray_service import STEADY, Running, serving
from tests.support.sample_pictures import cut_by, picture

pytestmark = pytest.mark.long
CLOCK = Path(__file__).parent / "clock"
"""Where Python finds a clock that can be set."""


def test_a_database_that_goes_away_and_comes_back(tmp_path: Path) -> None:
    """Without PostgreSQL requests are answered and picks refused with 503; with it again, picks are kept again."""
    pick = {"job_id": "none", "selected_model_id": "steady"}
    models = {"steady": STEADY, "paid": PAID}
    with (
        postgres_server() as server,
        provider() as paid,
        serving(tmp_path, models, None, DATABASE_URL=server.get_uri(), **paid.variables) as service,
    ):
        with (
            paid.paid(service, "a database away and back", server.get_uri()),
            Load(service.address, 4, lambda _: cut_by("steady")) as load,
        ):
            load.wait_answers(10)
            server.stop()
            load.wait_answers(10)
            away = httpx.post(f"{service.address}/log-selection", json=pick, timeout=HANG_S, trust_env=False)
            server.ensure_postgres_running()
            load.wait_answers(10)
        back = httpx.post(f"{service.address}/log-selection", json=pick, timeout=HANG_S, trust_env=False)

    print(f"\na database away and back: {load.tally}")
    assert (load.tally.lost, load.tally.cut_off) == ([], 0)
    assert (away.status_code, back.status_code) == (503, 404)
    assert "retry-after" in away.headers


def test_damaged_weights(tmp_path: Path) -> None:
    """A model whose file is damaged when its replica starts anew says so, harms no other, and recovers by itself."""
    network = brightness_network(tmp_path / "network.onnx", 64)
    whole = network.read_bytes()
    model = {"name": "Fragile", "backend": "onnx", "licence": {"name": "MIT", "commercial": True}}
    options = {"weights": {"name": "fragile", "file": str(network)}, "size_px": 64, "mean": [0.5] * 3, "std": [1.0] * 3}
    (tmp_path / "configs" / "models").mkdir(parents=True)
    (tmp_path / "configs" / "models" / "fragile.yaml").write_text(json.dumps(model | {"options": options}))

    with serving(tmp_path, {"steady": STEADY}) as service, Load(service.address, 2, lambda _: cut_by("steady")) as load:
        states = [service.health()["models"]["fragile"]["state"]]
        network.write_bytes(whole[: len(whole) // 2])
        service.kill("ServeReplica:cutout:fragile")
        answer = httpx.post(
            f"{service.address}/remove-background?include_models=fragile",
            content=picture(96, 64), headers={"Content-Type": "image/jpeg"}, timeout=HANG_S, trust_env=False,
        )  # fmt: skip
        network.write_bytes(whole)
        with Load(service.address, 1, lambda _: cut_by("fragile")) as fragile:
            fragile.wait_answers(3)

    print(f"\nweights damaged, other models: {load.tally}")
    assert states == ["ready"]
    assert answer.status_code in (422, 503)
    assert str(tmp_path) not in answer.text
    assert load.tally.lost == []


def test_a_clock_that_jumps(tmp_path: Path) -> None:
    """The wall clock jumps an hour ahead and back: requests and jobs go on, and none is lost."""
    clock, seen = tmp_path / "clock", []
    _set(clock, 0)
    kept = Shot("/remove-background?include_models=steady", picture(96, 64))
    models, ahead = {"steady": STEADY, "paid": PAID}, {"PYTHONPATH": str(CLOCK), "CLOCK_AHEAD": str(clock)}
    with (
        provider() as paid,
        serving(tmp_path, models, None, **ahead, **paid.variables) as service,
        paid.paid(service, "a clock that jumps"),
        Load(service.address, 2, lambda _: cut_by("steady")) as load,
        Load(service.address, 2, lambda _: kept, keyed=True) as jobs,
    ):
        for ahead_s in (3600, 0):
            jobs.wait_answers(5)
            _set(clock, ahead_s)
            seen.append(_created_at(service) - time.time())
            load.wait_answers(30)
        jobs.wait_answers(5)

    print(f"\na clock that jumps, plain requests: {load.tally}\na clock that jumps, jobs: {jobs.tally}")
    assert [round(ahead_s / 600) for ahead_s in seen] == [6, 0]
    assert (load.tally.lost, jobs.tally.lost) == ([], [])


def _set(clock: Path, ahead_s: int) -> None:
    new = clock.with_suffix(".new")
    new.write_text(str(ahead_s))
    new.replace(clock)  # nobody reads half of it


def _created_at(service: Running) -> float:
    """When a job of now was made, by the service's clock."""
    headers = {"Content-Type": "image/jpeg", "Prefer": "respond-async"}
    address = f"{service.address}/remove-background?include_models=steady"
    job = httpx.post(address, content=picture(96, 64), headers=headers, timeout=HANG_S, trust_env=False).json()
    made: float = httpx.get(job["status_url"], timeout=HANG_S, trust_env=False).json()["created_at"]
    return made
