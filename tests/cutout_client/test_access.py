"""A wrong address or key is one sentence that says what was expected, before anything is sent; in the command, too."""

from pathlib import Path

import httpx
import pytest

from cutout.errors import CutoutError, ValidationError
from cutout_client import Client
from cutout_client.access import authorization, service_url
from tests.cutout_client.conftest import Cutout
from tests.support.durable_jobs import picture

WRONG = (
    *("", "localhost:8000", "ftp://x", "http://", "http:///x", "https:a", "http://:80"),
    *("http://a b", " http://a", "http://a\n", "http://a/ b", "http://a/?b", "http://a#b"),
    *("http://a:b", "http://a:99999", "http://[::1", "http://\x00", "http://xn--zz--"),
)


@pytest.mark.parametrize("address", WRONG)
def test_what_is_no_address(address: str) -> None:
    """It is refused as it is, and not as a service that could not be reached."""
    with pytest.raises(
        ValidationError, match=r"^The service's address: http://HOST or https://HOST expected, .* not '"
    ):
        Client(address)


@pytest.mark.parametrize(
    "address", ["http://a", "HTTPS://a.example:8443/shop/", "http://[::1]:80", "http://bücher.example"]
)
def test_what_is_one(address: str) -> None:
    """A port and a path may follow the host; slashes at the end do not count."""
    assert httpx.URL(service_url(address)).host
    assert not service_url(address).endswith("/")


@pytest.mark.parametrize("address", ["http://ada:secret@127.0.0.1:9", "http://ada:sec@ret@a b"])
def test_a_password_in_an_address_is_not_shown(address: str) -> None:
    """Not where the service cannot be reached, and not where the address is wrong."""
    with pytest.raises(CutoutError) as told, Client(address, tries=1) as client:
        client.models()

    assert "ret" not in told.value.message


@pytest.mark.parametrize("key", ["two words", "line\nline", "…", "\x00", " "])
def test_what_is_no_key(key: str) -> None:
    """It is refused, and not shown."""
    with pytest.raises(ValidationError, match=r"^The API key: ASCII characters without spaces expected$"):
        Client("http://a", key)


def test_a_key_from_a_file() -> None:
    """The line end that a file has after it does not count."""
    assert authorization("secret\n") == {"Authorization": "Bearer secret"}


@pytest.mark.parametrize("command", ["models", "remove", "compare", "upscale", "mcp"])
def test_the_command_says_the_same(cutout: Cutout, tmp_path: Path, command: str) -> None:
    """An empty address, as an empty variable makes it in `--server $SHOP`, does not mean this machine."""
    photo = tmp_path / "photo.png"
    photo.write_bytes(picture())
    given = [photo, "-o", tmp_path / "out"] if command in ("remove", "compare", "upscale") else []
    for address in ("", "http://a:b"):
        ended = cutout(command, *given, "--server", address)

        assert ended.code == 2
        assert ended.sentences[-1].startswith("The service's address: http://HOST or https://HOST expected, ")
        assert "Traceback" not in ended.err
