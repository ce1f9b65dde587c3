"""A Ray that this process starts for itself on one machine: private, and without what only clusters use."""

import os
from typing import Any

import ray
from ray._private import ray_constants
from ray._private import worker as ray_worker

SEVERAL_MACHINES = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


def start(cpus: int, **options: Any) -> None:
    """Start it and connect to it, without lines on standard error.

    Args:
        cpus: to declare; may be more than the machine has.
        options: further ones of `ray.init`.
    """
    quiet: dict[str, Any] = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    ray.init("local", num_cpus=cpus, **quiet, **options)
    # 175 MB that are started in any case: what shows the workers' output to drivers, what adds machines to a cluster,
    # and the server of the dashboard.
    node = ray_worker._global_node
    for end in (node.kill_log_monitor, node.kill_monitor, node.kill_dashboard):
        end(check_alive=False)


def keep_on_loopback() -> None:
    """Put the Ray that is started or connected to next on 127.0.0.1, unless the operator has set the variable.

    Ray 2.60 listens on all addresses of a machine, or on its network address, unless it cannot be part of a cluster.
    This variable, made for macOS and read when Ray is imported, says that it cannot. Without it Ray replaces 127.0.0.1
    by the machine's network address.
    """
    if os.environ.setdefault(SEVERAL_MACHINES, "0") == "0":
        ray_constants.ENABLE_RAY_CLUSTER = False


def for_callers(ray_address: str) -> str:
    """The variables, in shell syntax, that a program needs to connect to the Ray at this address."""
    where = f"{SEVERAL_MACHINES}=0 " if ray_address.startswith("127.") else ""
    # Ray 2.60 protects a local cluster by a token in the user's home; callers send it only in this mode.
    return f"RAY_AUTH_MODE=token {where}RAY_ADDRESS={ray_address}"
