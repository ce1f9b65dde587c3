"""kill -9 of each kind of process while callers send: what becomes of their requests."""

import pytest

from benchmarks.operations.load import Load
from benchmarks.operations.pictures import cut_by
from benchmarks.operations.service import Running, wait_for
from tests.patience import HANG_S

KINDS = {
    "a model": "ServeReplica:cutout:steady",
    "the upscaler": "ServeReplica:cutout:Upscaler",
    "the ledger": "ServeReplica:cutout:Ledger",
    "one ingress": "ServeReplica:cutout:Ingress",
    "every ingress": "ServeReplica:cutout:Ingress",
    "Serve's controller": "ServeController",
    "HAProxy": "haproxy -dS",
    "HAProxy's manager": "HAProxyManager",
}


def killed(service: Running, title: str, *, one: bool = False, keyed: bool = False) -> Load:
    """Callers of the whole pipeline before, during and after the kill."""
    shot = cut_by("steady", path="/process")
    with Load(service.address, 4, lambda _: shot, keyed=keyed) as load:
        load.wait_answers(10)
        moment = service.kill(title, one=one)
        load.wait_answers(30)
    print(f"\nkill -9 of {title}: {load.tally}; {load.tally.first_good_after(moment):.1f} s to the first good answer")
    return load


def test_a_killed_model_is_not_seen(fakes: Running) -> None:
    """One of a model's two replicas dies under load: every request is answered, and none is even sent again."""
    tally = killed(fakes, KINDS["a model"], one=True).tally
    wait_for(lambda: len(fakes.replicas("steady")) == 2, HANG_S, "the replica back")

    assert (tally.lost, tally.cut_off, tally.refused) == ([], 0, 0)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["a model", "the upscaler", "the ledger", "Serve's controller"])
def test_a_kill_that_no_caller_sees(fakes: Running, kind: str) -> None:
    """Every replica of a kind dies at once, or Serve's controller: callers wait longer, and are all answered."""
    tally = killed(fakes, KINDS[kind]).tally

    assert (tally.lost, tally.cut_off, tally.refused) == ([], 0, 0)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["one ingress", "every ingress", "HAProxy", "HAProxy's manager"])
def test_a_kill_that_cuts_connections(fakes: Running, kind: str) -> None:
    """Who has the connections dies: they are cut, and each request that is sent again is answered.

    Without any ingress HAProxy asks Serve's own proxy, which waits for one.
    """
    tally = killed(fakes, KINDS[kind], one=kind == "one ingress", keyed=True).tally

    assert tally.lost == []


@pytest.mark.long
def test_without_a_way_in_the_refusal_is_the_contracts(fakes: Running) -> None:
    """Every ingress replica and Serve's own proxy die: until one is back HAProxy refuses with the contract's 503."""
    fakes.kill("ProxyActor")
    tally = killed(fakes, KINDS["every ingress"]).tally

    assert tally.refused > 0
    assert tally.lost == []
