"""kill -9 of each kind of process while callers send: what becomes of their requests, and of the money."""

import pytest

from tests.faults.paying import Provider
from tests.support.load import Load
from tests.support.ray_service import Running
from tests.support.sample_pictures import cut_by

pytestmark = pytest.mark.long
KINDS = {
    "a model": "ServeReplica:cutout:steady",
    "a provider's model": "ServeReplica:cutout:paid",
    "the upscaler": "ServeReplica:cutout:Upscaler",
    "the ledger": "ServeReplica:cutout:Ledger",
    "one ingress": "ServeReplica:cutout:Ingress",
    "every ingress": "ServeReplica:cutout:Ingress",
    "Serve's controller": "ServeController",
    "HAProxy": "haproxy -dS",
    "HAProxy's manager": "HAProxyManager",
}


def killed(service: Running, paid: Provider, title: str, *, one: bool = False, keyed: bool = False) -> Load:
    """Callers of the whole pipeline, and of a paid model beside it, before, during and after the kill."""
    shot = cut_by("steady", path="/process")
    with paid.paid(service, f"kill -9 of {title}"), Load(service.address, 4, lambda _: shot, keyed=keyed) as load:
        load.wait_answers(10)
        moment = service.kill(title, one=one)
        load.wait_answers(30)
    print(f"\nkill -9 of {title}: {load.tally}; {load.tally.first_good_after(moment):.1f} s to the first good answer")
    return load


@pytest.mark.parametrize("kind", ["a model", "a provider's model", "the upscaler", "the ledger", "Serve's controller"])
def test_a_kill_that_no_caller_sees(fakes: Running, paid: Provider, kind: str) -> None:
    """Every replica of a kind dies at once, or Serve's controller: callers wait longer, and are all answered."""
    tally = killed(fakes, paid, KINDS[kind]).tally

    assert (tally.lost, tally.cut_off, tally.refused) == ([], 0, 0)


@pytest.mark.parametrize("kind", ["one ingress", "every ingress", "HAProxy", "HAProxy's manager"])
def test_a_kill_that_cuts_connections(fakes: Running, paid: Provider, kind: str) -> None:
    """Who has the connections dies: they are cut, and each request that is sent again is answered.

    Without any ingress HAProxy asks Serve's own proxy, which waits for one.
    """
    tally = killed(fakes, paid, KINDS[kind], one=kind == "one ingress", keyed=True).tally

    assert tally.lost == []


def test_without_a_way_in_the_refusal_is_the_contracts(fakes: Running, paid: Provider) -> None:
    """Every ingress replica and Serve's own proxy die: until one is back HAProxy refuses with the contract's 503."""
    fakes.kill("ProxyActor")
    tally = killed(fakes, paid, KINDS["every ingress"]).tally

    assert tally.refused > 0
    assert tally.lost == []
