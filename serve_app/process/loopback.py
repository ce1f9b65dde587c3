"""Where Ray's own ports are when the service is for this machine alone."""

import os

from ray._private import ray_constants

SEVERAL_MACHINES = "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER"


def keep_ray_on_loopback() -> None:
    """Let the Ray that is started, or connected to, next be on 127.0.0.1, unless the operator has set the variable.

    Ray 2.60 listens on every address of a machine, or on its own one, but where it cannot be one of several. This
    variable says so: it was made for macOS, and is read when Ray is imported. Without it Ray takes the machine's own
    address wherever it is told 127.0.0.1.
    """
    if os.environ.setdefault(SEVERAL_MACHINES, "0") == "0":
        ray_constants.ENABLE_RAY_CLUSTER = False


def for_callers(ray_address: str) -> str:
    """What a program sets that connects to a Ray of ours: as a shell takes it."""
    where = f"{SEVERAL_MACHINES}=0 " if ray_address.startswith("127.") else ""
    # Ray 2.60 guards a cluster of its own by a token in the user's home, which a caller must be told to send.
    return f"RAY_AUTH_MODE=token {where}RAY_ADDRESS={ray_address}"
