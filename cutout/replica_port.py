"""The port at which a replica of Ray Serve takes calls from other replicas."""

import sys
from typing import Any

REPLICA = "ray.serve._private.replica"
OPENS = "add_port_to_grpc_server"
ALL = "[::]:"


def close_to_others() -> None:
    """Let the replica that this process is about to become open that port on loopback only.

    Ray 2.60 opens it on every address of the machine, and unpickles what comes, which runs code: only Ray's token
    guards it. Nobody uses it, since calls between replicas go through Ray itself, unless RAY_SERVE_USE_GRPC_BY_DEFAULT
    sends them there; then it is left as it is. Where no replica of Serve is about to be, nothing happens.
    """
    replica = sys.modules.get(REPLICA)
    if replica and not sys.modules["ray.serve._private.constants"].RAY_SERVE_USE_GRPC_BY_DEFAULT:
        setattr(replica, OPENS, _on_loopback)


def _on_loopback(server: Any, address: str) -> int:
    opens = getattr(sys.modules["ray._common.tls_utils"], OPENS)
    port: int = opens(server, address.replace(ALL, "127.0.0.1:"))
    return port
