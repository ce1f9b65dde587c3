"""What the tests of fetching share: a fetcher that may call loopback, and why it took nothing."""

import pytest

from cutout.errors import ValidationError
from cutout.service import FetchSpec
from fetching.fetch import Fetcher
from tests.support.loopback_web import Answer, Host

PICTURE = bytes(range(256)) * 200
MAX_BYTES = 64 * 1024
PATIENT = FetchSpec(allowed_hosts=("127.0.0.1",))
"""The service's own limits: a test that waits for one of them is told by its message."""


def fetcher(rules: FetchSpec = PATIENT) -> Fetcher:
    """One that may call loopback."""
    return Fetcher(rules, MAX_BYTES)


async def reason(host: Host, answer: Answer, rules: FetchSpec = PATIENT) -> str:
    """Why an answer was not taken: the public message of a validation error of `image_url`."""
    host.answers["/"] = answer
    with pytest.raises(ValidationError) as refused:
        await fetcher(rules).fetch(f"http://{host.host}/")
    assert refused.value.details["field"] == "image_url"
    assert refused.value.status == 400
    return refused.value.message
