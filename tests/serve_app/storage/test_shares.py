"""Links to cutouts: nobody but the service can make one, or change what it shows and for how long."""

import time
import uuid
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from cutout.errors import Gone, NotFound
from serve_app.storage.shares import Share
from serve_app.storage.signing import Signer

JOB = str(uuid.uuid4())
OLD, NEW = b"o" * 32, b"n" * 32
SHARE = Share(JOB, ("first", "edited"), "A cup & saucer", 2**40)


def parts(path: str) -> tuple[str, dict[str, str]]:
    """Job and query of a link."""
    url = urlsplit(path)
    return url.path.removeprefix("shared/"), dict(parse_qsl(url.query, keep_blank_values=True))


def test_a_link_is_what_was_shared() -> None:
    """What was signed is read back, by a newer secret beside the old one too, and without the old one no more."""
    link = parts(SHARE.path(Signer(OLD, 60)))

    assert Share.of(*link, Signer(OLD, 60)) == SHARE
    assert Share.of(*link, Signer(NEW, 60, [OLD])) == SHARE
    with pytest.raises(NotFound, match="not valid"):
        Share.of(*link, Signer(NEW, 60))


def test_a_link_expires() -> None:
    """After its time it says so."""
    past = Share(JOB, ("first",), "", int(time.time()) - 1)

    with pytest.raises(Gone, match="expired"):
        Share.of(*parts(past.path(Signer(OLD, 60))), Signer(OLD, 60))


@given(st.sampled_from(["job", "results", "title", "expires", "signature"]), st.text(max_size=30))
def test_a_changed_link_is_refused(part: str, text: str) -> None:
    """Another job, other results, another title or a longer time: whatever is replaced, the link is not valid."""
    job_id, query = parts(SHARE.path(Signer(OLD, 60)))
    changed = {**query, "job": job_id}
    assume(changed[part] != text)
    changed[part] = text

    with pytest.raises(NotFound, match="not valid"):
        Share.of(changed.pop("job"), changed, Signer(OLD, 60))


def test_an_address_of_a_result_is_no_link() -> None:
    """Neither kind of address can be made of the other."""
    signer = Signer(OLD, 60)
    query = dict(parse_qsl(urlsplit(signer.path(JOB, "first.png")).query))

    with pytest.raises(NotFound):
        Share.of(JOB, {**query, "results": "first"}, signer)
