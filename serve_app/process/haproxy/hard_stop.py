"""How long HAProxy keeps old connections after a reload: longer than the longest request.

HAProxy is reloaded whenever an ingress replica starts or stops. Earlier requests continue in the old process, until its
hard stop cuts them off.
"""

import math
from collections.abc import MutableMapping

from cutout.errors import ConfigurationError
from cutout.limits import LimitsSpec
from serve_app.settings import HARD_STOP, RAYS_OWN_S

MARGIN_S = 60
"""Time for receiving a body and sending an answer, which limits.request_s does not include."""


def outlast(limits: LimitsSpec, environment: MutableMapping[str, str]) -> None:
    """Raise the hard stop in the environment that Ray will start in, if it is too short."""
    if (given := environment.get(HARD_STOP, RAYS_OWN_S)).isdecimal() and int(given) < _least_s(limits):
        environment[HARD_STOP] = str(_least_s(limits))


def check_hard_stop(limits: LimitsSpec, hard_stop: str | None) -> None:
    """Refuse a hard stop shorter than the longest request.

    Args:
        limits: with the longest request.
        hard_stop: in seconds, as text from the environment; None where there is no HAProxy.

    Raises:
        ConfigurationError: names the field and the variable.
    """
    if hard_stop is None or (hard_stop.isdecimal() and int(hard_stop) >= _least_s(limits)):
        return
    raise ConfigurationError(
        f"service.yaml: limits.request_s: HAProxy would cut off requests of {limits.request_s:g} s, since Ray was "
        f"started with {HARD_STOP}={hard_stop}: at least {_least_s(limits)} expected, in the environment of every node"
    )


def _least_s(limits: LimitsSpec) -> int:
    return math.ceil(limits.request_s) + MARGIN_S
