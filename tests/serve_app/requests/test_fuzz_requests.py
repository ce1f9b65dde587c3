"""Mutated requests: whatever comes, the answer is the contract's, and never a fault of ours."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from serve_app import contract
from serve_app.app import create_app
from serve_app.endpoints.table import ENDPOINTS
from serve_app.responses.dialect import OWN
from tests.serve_app.endpoints.test_process import png, text
from tests.support.in_process import Memory, model, registry, shotgun

LONG_S = 600.0
OTHERS = {one.path for one in ENDPOINTS if one.dialect is not OWN}
"""Paths of other services' APIs, whose errors have another form."""
PATHS = (
    "/remove-background", "/process", "/upscale", "/estimate", "/log-selection", "/v1.0/removebg", "/api/remove",
)  # fmt: skip
STATUSES = {200, 400, 404, 413, 415, 422, 503}
"""What a mutated request may come to; 404 is that of a job that is not there."""
PICTURE = text(png())
JSON = (
    '{"image": "PICTURE", "include_models": ["all"], "output_format": "png", "max_cost_usd": 1.5, "crop": true}',
    '{"image": "data:image/png;base64,PICTURE", "bg_models": ["first"], "upscale_factor": 2, "crop_margin": "1px 2%"}',
    '{"image": "PICTURE", "scale_factor": "4", "preserve_alpha": false, "background": "#ff8800"}',
    '{"image_file_b64": "PICTURE", "size": "auto", "roi": "0% 0% 50% 50%", "scale": "50%", "bg_color": "fff"}',
    '{"job_id": "a", "selected_model_id": "first", "notes": "\\u00e9\\ud83d\\ude00", "models": ["all"]}',
)
MULTIPART = b"".join(
    b"--X\r\nContent-Disposition: form-data; name=" + head + b"\r\n\r\n" + data + b"\r\n"
    for head, data in (
        (b'"image"; filename="a.png"\r\nContent-Type: image/png', png()),
        (b'"file"; filename="a.png"', png()),
        (b'"include_models"', b"first,second"),
        (b'"background"', b"red"),
        (b'"size"', b"auto"),
    )
)
SEEDS: tuple[tuple[str, bytes], ...] = (
    *(("application/json", one.replace("PICTURE", PICTURE).encode()) for one in JSON),
    ("multipart/form-data; boundary=X", MULTIPART + b"--X--\r\n"),
    ("application/x-www-form-urlencoded", f"image_file_b64={PICTURE}&size=auto&roi=0%25 0%25 9px 9px".encode()),
    ("image/png", png()),
)
WORDS = b"NaN 1e999 null true - % %00 = & ; , [ ] { } \\ \\u \\ud800 --X --X-- 999999999999999999999".split(b" ")
PIECES = st.binary(max_size=4) | st.sampled_from([*WORDS, b"", b"\x00", b"\xff", b'"', b'""', b"\r\n", b"\xef\xbb\xbf"])
QUERY = st.dictionaries(
    st.sampled_from(["include_models", "crop", "max_cost_usd", "deadline_ms", "om", "bgc", "size", "image", "x\x00"]),
    st.sampled_from(["", "first", "true", "nan", "1e999", "-1", "\x00", "1,2,3", "9" * 400, "\ud7ff", "auto", ","]),
    max_size=3,
)
HEADERS = st.dictionaries(
    st.sampled_from(["Accept", "Prefer", "Idempotency-Key", "Content-Encoding", "Content-Type", "X-Request-Id"]),
    st.sampled_from(["", "*/*", "image/png", "application/zip;q=x", "gzip", "multipart/form-data", ";", "é"]),
    max_size=2,
)


@dataclass(frozen=True)
class Mutation:
    """A request, and what is cut out of its body and put into it."""

    path: str
    seed: tuple[str, bytes]
    changes: list[tuple[float, int, bytes]]
    query: dict[str, str]
    headers: dict[str, str]

    @property
    def body(self) -> bytes:
        """The body that is sent."""
        data = self.seed[1]
        for where, length, piece in self.changes:
            at = int(where * len(data))
            data = data[:at] + piece + data[at + length :]
        return data


CHANGE = st.tuples(st.floats(0, 1), st.integers(0, 12), PIECES)
MUTATIONS = st.builds(
    Mutation, st.sampled_from(PATHS), st.sampled_from(SEEDS), st.lists(CHANGE, max_size=5), QUERY, HEADERS
)


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """A caller of a service without keys."""
    ledger = Memory()
    app = create_app(shotgun(registry(model("first"), model("second"), body_bytes=20_000), ledger), ledger)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def send(client: TestClient, one: Mutation) -> None:
    """Send one, and look at the answer."""
    headers = {"content-type": one.seed[0]} | {name: value.encode() for name, value in one.headers.items()}
    answer = client.post(one.path, params=one.query, content=one.body, headers=headers)

    assert answer.status_code in STATUSES, (one, answer.text)
    if answer.status_code >= 400 and one.path not in OTHERS:
        found = contract.ErrorBody.model_validate(answer.json()).error
        assert found.message.isprintable()
        assert str(found.details.field or "").isprintable()


@given(MUTATIONS)
@settings(max_examples=150, suppress_health_check=list(HealthCheck))
def test_nothing_but_the_contracts_errors_escapes(client: TestClient, one: Mutation) -> None:
    """Whatever is cut out of a request or put into it, the answer is a result or an error of the contract."""
    send(client, one)


@pytest.mark.long
def test_nothing_but_the_contracts_errors_escapes_for_long(client: TestClient) -> None:
    """The same for ten minutes, with another seed each time."""
    until, count = time.monotonic() + LONG_S, 0

    @given(MUTATIONS)
    @settings(max_examples=2_000, suppress_health_check=list(HealthCheck))
    def batch(one: Mutation) -> None:
        nonlocal count
        count += 1
        send(client, one)

    while time.monotonic() < until:
        batch()
    print(f"{count} mutated requests")
