"""Each deployment scales by its own entry in serve_config.yaml, on a real Ray, under a load of fakes."""

import asyncio
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.support.load import Load, Shot
from tests.support.patience import HANG_S
from tests.support.ray_service import PROMPT, Fake, Running, autoscaled, serving, wait_for
from tests.support.sample_pictures import cut_by, picture

pytestmark = pytest.mark.long
NARROW = {"max_ongoing_requests": 2, "max_queued_requests": 3, "num_replicas": 1}


def test_from_zero_and_back(fakes: Running) -> None:
    """A model that may sleep has no replica until it is asked; it answers then, and has none again afterwards."""
    wait_for(
        lambda: not fakes.replicas("asleep"), HANG_S, "no replica"
    )  # the start sends a picture through every model
    with Load(fakes.address, 1, lambda _: cut_by("asleep")) as load:
        load.wait_answers(1)
        awake = len(fakes.replicas("asleep"))
    wait_for(lambda: not fakes.replicas("asleep"), HANG_S, "no replica")

    assert awake == 1
    assert load.tally.lost == []


@pytest.fixture(scope="module")
def scaled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service of one ingress replica whose entries may change."""
    models = {
        "other": Fake(0.3, autoscaled(1, 3)),
        "narrow": Fake(5.0, NARROW),
    }
    with serving(tmp_path_factory.mktemp("scaled"), models) as running:
        yield running


def test_a_change_while_requests_run_loses_none(scaled: Running) -> None:
    """`apply` gives a model other replicas while requests are at work: none is lost, no other restarts."""
    before = {name: scaled.replicas(name) for name in ("narrow", "Ingress", "Upscaler", "Ledger", "Jobs")}
    with Load(scaled.address, 6, lambda _: cut_by("other")) as load:
        load.wait_answers(5)
        scaled.apply({"other": autoscaled(2, 2) | {"max_ongoing_requests": 2}})
        wait_for(lambda: len(scaled.replicas("other")) == 2, HANG_S, "two replicas")
        load.wait_answers(10)
        scaled.apply({})
        load.wait_answers(10)

    print(f"\na change of deployments: {load.tally}")
    assert {name: scaled.replicas(name) for name in before} == before
    assert (load.tally.lost, load.tally.refused, load.tally.cut_off) == ([], 0, 0)


async def _burst(service: Running, count: int) -> list[int]:
    shot = cut_by("narrow")
    headers = {"Content-Type": "application/octet-stream"}
    async with httpx.AsyncClient(base_url=service.address, timeout=HANG_S, trust_env=False) as http:
        calls = [http.post(shot.path, content=shot.image, headers=headers) for _ in range(count)]
        return [answer.status_code for answer in await asyncio.gather(*calls)]


def test_no_more_is_let_in_than_replicas_and_queue_hold(scaled: Running) -> None:
    """Of a burst of 20, no more than the replica's two and the queue's three; after `apply` as much as it says then.

    Serve may refuse one that would just have fitted: a call counts as queued until it was sent to a replica. The whole
    burst arrives before the first is done, on a busy machine too.
    """
    for queued in (3, 2):
        if queued != NARROW["max_queued_requests"]:
            scaled.apply({"narrow": NARROW | {"max_queued_requests": queued}})
        asyncio.run(_burst(scaled, 1))  # the ingress has to know the replica first

        statuses = asyncio.run(_burst(scaled, 20))

        print(f"\nof 20 at once {statuses.count(200)} let in; at work 2, queued {queued}")
        assert set(statuses) == {200, 503}
        assert queued <= statuses.count(200) <= 2 + queued


def test_the_ingress_and_the_upscaler_scale_too(scaled: Running) -> None:
    """Both reach two replicas by their entries under load, and go back to one; no request is lost on the way."""
    two = {"min_replicas": 1, "max_replicas": 2, "target_ongoing_requests": 1, **PROMPT}
    scaled.apply({name: {"autoscaling_config": two} for name in ("Ingress", "Upscaler")})
    enlarge = Shot("/upscale?scale_factor=4", picture(900, 600))
    with Load(scaled.address, 6, lambda _: enlarge) as load:
        wait_for(
            lambda: len(scaled.replicas("Ingress")) == len(scaled.replicas("Upscaler")) == 2, HANG_S, "two of each"
        )
        load.wait_answers(10)
    begun = time.monotonic()
    wait_for(lambda: len(scaled.replicas("Ingress")) == len(scaled.replicas("Upscaler")) == 1, HANG_S, "one of each")

    print(f"\ningress and upscaler to 2 and, {time.monotonic() - begun:.0f} s after the load, to 1: {load.tally}")
    assert load.tally.lost == []
