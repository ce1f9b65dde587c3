"""Replicas die, or become more, while callers send; `make test-faults` has every other kill and fault."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.cluster.conftest import Service
from tests.faults.paying import Provider
from tests.providers.runware import PRICE_USD
from tests.support.load import Load
from tests.support.patience import HANG_S
from tests.support.ray_service import Running, wait_for
from tests.support.sample_pictures import cut_by

PAID = "runware_rmbg2"
COUNTED = ("busy", "local_birefnet", "steady", "slow", "Ingress", "Ledger", "Jobs")


@pytest.fixture
def running(service: Service) -> Running:
    """The service, as something that has processes."""
    return Running(service.process, service.folder, str(service.http.base_url), {})


@pytest.fixture
def paid(service: Service) -> Provider:
    """The provider of its paid model."""
    return Provider(service.runware, {}, PAID)


def test_a_killed_model_is_not_seen(running: Running, paid: Provider) -> None:
    """One of a model's two replicas dies under load: every request is answered, and none is even sent again."""
    shot = cut_by("steady", path="/process")
    with paid.paid(running, "kill -9 of a replica"), Load(running.address, 4, lambda _: shot) as load:
        load.wait_answers(10)
        moment = running.kill("ServeReplica:cutout:steady", one=True)
        load.wait_answers(30)
    wait_for(lambda: len(running.replicas("steady")) == 2, HANG_S, "the replica back")

    print(f"\n{load.tally}; {load.tally.first_good_after(moment):.1f} s to the first good answer")
    assert (load.tally.lost, load.tally.cut_off, load.tally.refused) == ([], 0, 0)


def test_what_a_provider_was_in_the_middle_of_is_booked(running: Running, paid: Provider) -> None:
    """The replica of a provider's model dies with a call on its way: the caller hears its price, and it is booked.

    On 1.0.0 nothing was.
    """
    shot, script = cut_by("steady", PAID), paid.runware.script
    usual_s, script.latency_s = script.latency_s, HANG_S
    before = paid.calls
    with ThreadPoolExecutor() as pool:
        given: dict[str, Any] = {"content": shot.image, "headers": {"Content-Type": "image/jpeg"}, "timeout": HANG_S}
        answer = pool.submit(httpx.post, running.address + shot.path, trust_env=False, **given)
        wait_for(lambda: paid.calls > before, HANG_S, "the call at the provider")
        running.kill(f"ServeReplica:cutout:{PAID}")
        body = answer.result().json()
    script.latency_s = usual_s
    paid.check(running, "kill -9 in the middle of its task")

    assert paid.calls == before + 1  # it is not sent again
    assert {one["model_id"]: one["cost_usd"] for one in body["results"]} == {"steady": 0.0, PAID: PRICE_USD}


def test_a_model_grows_and_shrinks_alone(running: Running) -> None:
    """Under load a model reaches the most replicas of its entry, and afterwards its least; nobody else moves."""

    def sizes() -> dict[str, int]:
        return {name: len(running.replicas(name)) for name in COUNTED}

    wait_for(lambda: sizes()["busy"] == 1 and sizes()["local_birefnet"] == 0, HANG_S, "rest")
    at_rest = sizes()
    with Load(running.address, 8, lambda _: cut_by("busy")) as load:
        wait_for(lambda: len(running.replicas("busy")) == 3, HANG_S, "three replicas")
        load.wait_answers(20)
        under_load = sizes()
    wait_for(lambda: len(running.replicas("busy")) == 1, HANG_S, "one replica")

    assert under_load == at_rest | {"busy": 3}
    assert sizes() == at_rest
    assert load.tally.lost == []
