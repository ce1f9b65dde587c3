"""Closes the port on which a Ray Serve replica accepts calls from other replicas to other machines."""

import sys
from typing import Any

REPLICA = "ray.serve._private.replica"
OPENS = "add_port_to_grpc_server"
ALL = "[::]:"


def close_to_others() -> None:
    """Make the replica that starts in this process open that port on loopback only.

    Ray 2.60 opens it on all addresses and unpickles what it receives, which can run code; it is protected only by Ray's
    token. It is unused, since calls between replicas go through Ray core, unless RAY_SERVE_USE_GRPC_BY_DEFAULT is set;
    then it is left as it is. In a process without a Serve replica, this does nothing.
    """
    replica = sys.modules.get(REPLICA)
    if replica and not sys.modules["ray.serve._private.constants"].RAY_SERVE_USE_GRPC_BY_DEFAULT:
        setattr(replica, OPENS, _on_loopback)


def _on_loopback(server: Any, address: str) -> int:
    opens = getattr(sys.modules["ray._common.tls_utils"], OPENS)
    port: int = opens(server, address.replace(ALL, "127.0.0.1:"))
    return port
