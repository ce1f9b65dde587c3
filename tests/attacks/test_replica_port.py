"""The port at which Ray opens a replica to other replicas: nobody on the network reaches it."""

import inspect
import socket

import grpc
import pytest
from ray.serve._private import constants, replica

from cutout import replica_port

ELSEWHERE = "127.0.0.2"
"""Another address of this machine, as those of its network cards are."""


@pytest.fixture(autouse=True)
def as_ray_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The function that is replaced comes back after each test."""
    monkeypatch.setattr(replica, replica_port.OPENS, getattr(replica, replica_port.OPENS))


@pytest.mark.parametrize(("by_grpc", "hosts"), [(False, ["127.0.0.1"]), (True, ["127.0.0.1", ELSEWHERE])])
def test_it_listens_on_loopback_alone(monkeypatch: pytest.MonkeyPatch, by_grpc: bool, hosts: list[str]) -> None:
    """Only where Ray was told to make calls between replicas through it is it open to other machines."""
    monkeypatch.setattr(constants, "RAY_SERVE_USE_GRPC_BY_DEFAULT", by_grpc)
    replica_port.close_to_others()
    replica_port.close_to_others()
    server = grpc.server(None)
    port = replica.add_port_to_grpc_server(server, "[::]:0")
    server.start()
    reached = [host for host in ("127.0.0.1", ELSEWHERE) if _connects(host, port)]
    server.stop(None)

    print(f"the replica's port is reached by {reached}")
    assert reached == hosts


def test_ray_opens_it_so() -> None:
    """Ray's replica takes the name that is replaced, after what is ours has begun: a newer one may do otherwise."""
    source = inspect.getsource(replica)
    opens = f'{replica_port.OPENS}(self._server, "{replica_port.ALL}0")'

    assert source.count(opens) == 1
    assert source.index("await self._user_callable_wrapper.initialize_callable()") < source.rindex("_on_initialized()")


def _connects(host: str, port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((host, port)) == 0
