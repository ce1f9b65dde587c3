"""Whether the service may listen where it is told to."""

import pytest

from cutout.errors import ConfigurationError
from cutout.spec import AccessSpec
from serve_app.exposure import check_exposure

CLOSED, ANYBODY = AccessSpec(), AccessSpec(allow_anonymous=True)
LOOPBACK = ["127.0.0.1", "127.8.9.1", "::1", "localhost"]
REACHABLE = ["0.0.0.0", "::", "", "192.168.1.5", "example.com", "localhost.example.com", "127.0.0.1.example.com"]


@pytest.mark.parametrize("host", LOOPBACK)
def test_loopback_needs_nothing(host: str) -> None:
    """A service that only this machine reaches starts without keys."""
    check_exposure(host, CLOSED, has_keys=False)


@pytest.mark.parametrize("host", REACHABLE)
def test_what_others_reach_needs_keys_or_a_word(host: str) -> None:
    """Anywhere else it starts with keys, or where anonymous use is allowed, and else says what is missing."""
    check_exposure(host, CLOSED, has_keys=True)
    check_exposure(host, ANYBODY, has_keys=False)

    with pytest.raises(ConfigurationError, match=r"CUTOUT_API_KEYS_FILE.*allow_anonymous: true"):
        check_exposure(host, CLOSED, has_keys=False)
