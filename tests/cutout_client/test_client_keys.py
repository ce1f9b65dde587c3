"""The client and the service's keys."""

from pathlib import Path

import pytest

from cutout.errors import Forbidden, Unauthorized
from cutout.keys import KeyRing, make_key
from cutout_client import Client
from tests.cutout_client.running import running
from tests.serve_app.jobbing import picture


def test_keys_are_sent_and_refused(tmp_path: Path) -> None:
    """A key goes with every request; none is Unauthorized, and one for other models is Forbidden."""
    text, record = make_key("Ada", models=["first"])
    ring = KeyRing(tmp_path / "keys")
    ring.add(record)
    with running(tmp_path, keys=KeyRing.load(tmp_path / "keys")) as service:
        with Client(service.url) as nobody, pytest.raises(Unauthorized):
            nobody.models()
        with Client(service.url, api_key=text) as ada:
            assert ada.remove_background(picture(), "first")["first"].image
            with pytest.raises(Forbidden):
                ada.remove_background(picture(), "second")
