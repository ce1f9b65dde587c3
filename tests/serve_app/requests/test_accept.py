"""Accept, for JSON, streams, archives and pictures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cutout.errors import ValidationError
from serve_app.requests.accept import FORMATS, JSON, NDJSON, SSE, ZIP, Reply, negotiated, reply_to

ALL = (SSE, NDJSON, ZIP, *FORMATS)
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("", None), ("*/*", JSON), ("application/*", JSON), (BROWSER, JSON), ("image/*", None), ("text/html", None),
        ("image/png", "image/png"), ("IMAGE/WebP ; q=1", "image/webp"), ("application/zip", ZIP),
        ("application/json, text/event-stream;q=0.5", JSON), ("application/json;q=0.5, text/event-stream", SSE),
        ("*/*, image/png", "image/png"), ("image/png;q=0.3, */*;q=0.1", "image/png"), ("image/png;q=0.3, */*", JSON),
        ("image/avif,image/webp,image/png", "image/avif"), ("image/avif;q=.5,image/webp;q=.7", "image/webp"),
        ("image/png;q=0", None), ("*/*, application/json;q=0", None), ("application/x-ndjson;charset=utf-8", NDJSON),
        ("image/png;q=high", "image/png"), ("image/gif, image/jpeg", "image/jpeg"), (", ,image/png,", "image/png"),
    ],
)  # fmt: skip
def test_the_best_of_what_is_offered(accept: str, expected: str | None) -> None:
    """The highest q wins, then a name before a wildcard, then the first; a wildcard is JSON, and q=0 is a no."""
    assert negotiated(accept, ALL) == expected


@given(st.lists(st.tuples(st.sampled_from([*ALL, JSON, "text/html", "*/*"]), st.integers(0, 1000)), max_size=8))
def test_nothing_is_given_that_was_not_accepted(ranges: list[tuple[str, int]]) -> None:
    """What is chosen was named, or is JSON by a wildcard, and nothing named has a higher q."""
    chosen = negotiated(", ".join(f"{name};q={q / 1000}" for name, q in ranges), ALL)

    known = [(JSON if name == "*/*" else name, q) for name, q in ranges if q and (name in (JSON, "*/*") or name in ALL)]
    refused = {name for name, q in ranges if not q}
    left = [(name, q) for name, q in known if name not in refused]
    if chosen is None:
        assert not left
    else:
        assert max(q for name, q in left if name == chosen) == max(q for _, q in left)


@given(st.text(max_size=60))
def test_any_header_has_an_answer(accept: str) -> None:
    """Whatever a header holds is no fault of the service's."""
    assert negotiated(accept, ALL) in (None, JSON, *ALL)


def test_the_field_and_the_header_agree() -> None:
    """`output_format` chooses among the picture types accepted; one that is none of them is refused."""
    default = Reply(JSON, "png")
    both = "image/avif, image/webp;q=0.2"

    assert reply_to(both, (), None, ("png", "webp", "avif"), default) == Reply("image/avif", "avif")
    assert reply_to(both, (), "webp", ("png", "webp", "avif"), default) == Reply("image/webp", "webp")
    assert reply_to("image/jpeg, image/png;q=0.1", (), None, ("png",), default) == Reply("image/png", "png")
    assert reply_to("image/jpeg", (), None, ("png",), default) == Reply("image/jpeg", "jpeg")
    assert reply_to("*/*", (), "webp", ("webp",), Reply(JSON, "webp")) == Reply(JSON, "webp")
    with pytest.raises(ValidationError, match="output_format: png is none of the picture types that Accept names"):
        reply_to(both, (), "png", ("png",), default)
