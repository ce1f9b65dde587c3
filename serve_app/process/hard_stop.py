"""How long HAProxy keeps old connections after a reload: longer than the longest request.

HAProxy is reloaded whenever an ingress replica comes or goes. What was begun before goes on in the old process, until
its hard stop cuts it.
"""

import math
from collections.abc import MutableMapping

from cutout.errors import ConfigurationError
from cutout.limits import LimitsSpec

HARD_STOP = "RAY_SERVE_HAPROXY_HARD_STOP_AFTER_S"
RAYS_OWN_S = "120"
"""Ray's default (2.60)."""
MARGIN_S = 60
"""For a body on its way in and an answer on its way out, which limits.request_s does not count."""


def outlast(limits: LimitsSpec, environment: MutableMapping[str, str]) -> None:
    """Raise the hard stop in the environment that Ray is going to start in, where it is too short."""
    if (given := environment.get(HARD_STOP, RAYS_OWN_S)).isdecimal() and int(given) < _least_s(limits):
        environment[HARD_STOP] = str(_least_s(limits))


def check_hard_stop(limits: LimitsSpec, hard_stop: str | None) -> None:
    """Refuse a hard stop that cuts requests; `hard_stop` is in seconds as the environment says it, None for no HAProxy.

    Raises:
        ConfigurationError: naming the field and the variable.
    """
    if hard_stop is None or (hard_stop.isdecimal() and int(hard_stop) >= _least_s(limits)):
        return
    raise ConfigurationError(
        f"service.yaml: limits.request_s: requests of {limits.request_s:g} s would be cut by HAProxy, which Ray "
        f"started with {HARD_STOP}={hard_stop}: at least {_least_s(limits)} expected, in the environment of every node"
    )


def _least_s(limits: LimitsSpec) -> int:
    return math.ceil(limits.request_s) + MARGIN_S
