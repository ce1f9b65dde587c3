"""Whether the service may listen where it is told to."""

import pytest

from cutout.accounts.spec import AccessSpec
from cutout.errors import ConfigurationError
from serve_app.configuration import check_config
from serve_app.process.exposure import addresses_line, check_exposure

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


@pytest.mark.parametrize("host", LOOPBACK)
def test_addresses_on_loopback_need_no_word(host: str) -> None:
    """Where nobody else calls, the start says nothing of the addresses in answers, unless they are set."""
    assert addresses_line(host, None) is None


def test_what_the_environment_says_of_the_address_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """CUTOUT_PUBLIC_URL is the service's address, whatever service.yaml says, and the start says it."""
    monkeypatch.setenv("CUTOUT_PUBLIC_URL", "https://cut.example/api")
    url = check_config({}).service.jobs.public_url

    assert url == "https://cut.example/api"
    assert addresses_line("0.0.0.0", url) == "Addresses in answers: https://cut.example/api"
    assert "CUTOUT_PUBLIC_URL" in (addresses_line("0.0.0.0", None) or "")


@pytest.mark.parametrize("url", ["cut.example", "ftp://cut.example", "https://", "https://a b", "https://a?b", "//a"])
def test_an_address_that_is_none_stops_the_start(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """It is one sentence, which names the variable."""
    monkeypatch.setenv("CUTOUT_PUBLIC_URL", url)
    with pytest.raises(ConfigurationError, match=r"CUTOUT_PUBLIC_URL: an address such as https://cut"):
        check_config({})
