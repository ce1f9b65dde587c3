"""The client, the command and the service's keys."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest

from cutout.accounts.keys import KeyRing, make_key
from cutout.errors import Forbidden, Unauthorized
from cutout_client import AsyncClient, Client
from tests.cutout_client.conftest import Cutout
from tests.support.durable_jobs import picture
from tests.support.loopback_service import Running, running

TEXT, RECORD = make_key("Ada", models=["first"])


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A service that wants a key, and knows Ada's."""
    folder = tmp_path_factory.mktemp("guarded")
    KeyRing(folder / "keys").add(RECORD)
    with running(folder, keys=KeyRing.load(folder / "keys")) as service:
        yield service


def test_keys_are_sent_and_refused(guarded: Running) -> None:
    """A key goes with every request; none is Unauthorized, and one for other models is Forbidden."""
    with Client(guarded.url) as nobody, pytest.raises(Unauthorized):
        nobody.models()
    with Client(guarded.url, api_key=TEXT) as ada:
        assert ada.remove_background(picture(), "first")["first"].image
        with pytest.raises(Forbidden):
            ada.remove_background(picture(), "second")


def test_the_command_takes_its_key_from_a_variable(
    guarded: Running, cutout: Cutout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without CUTOUT_API_KEY a service that wants one is exit code 3, in one sentence."""
    without = cutout("models", "--server", guarded.url)
    monkeypatch.setenv("CUTOUT_API_KEY", TEXT)
    with_key = cutout("models", "--server", guarded.url)

    assert (without.code, len(without.sentences), with_key.code) == (3, 1, 0)


def test_certificates_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many clients a program makes: reading them takes longer than most requests."""
    reads, read = [], ssl.SSLContext.load_verify_locations

    def counted(*given: Any, **named: Any) -> None:
        reads.append(named)
        read(*given, **named)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", counted)
    for _ in range(3):
        AsyncClient("https://cut.example")

    assert len(reads) <= 1
