"""Webhooks: both signatures, and what each kind of receiver makes of an attempt."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook, WebhookVerificationError

from cutout.errors import ValidationError
from cutout.service import WebhookSpec
from serve_app.contract.webhook_signature import canonical, check_secret, signature, standard
from serve_app.jobs.webhooks.sender import ANSWER_BYTES
from tests.support.loopback_web import Answer, reply
from tests.support.patience import skip
from tests.support.webhook_receiver import SPEC, Receiver, sent

pytestmark = pytest.mark.anyio
EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "webhook_receiver.py"
PAYLOAD = {"event": "job_completed", "job_id": "a", "results": [{"cost_usd": 1e-06, "error": "ü\ud800"}]}
TIMED = SPEC.model_copy(update={"total_s": 60})

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip
payloads = st.dictionaries(st.text(max_size=8).filter(lambda name: name != "signature"), json_values, max_size=4)


@given(payloads, st.text(max_size=5))
def test_the_canonical_form_outlives_the_wire(payload: dict[str, Any], mark: str) -> None:
    """A receiver that parses the JSON and writes it as RFC 8785 says has the bytes that were signed, in any order."""
    received = json.loads(json.dumps({**payload, "signature": mark}))
    turned = dict(reversed(list(received.items())))

    assert rfc8785.dumps({k: v for k, v in received.items() if k != "signature"}) == canonical(payload)
    assert canonical(turned) == canonical(payload)


def test_the_canonical_form_by_example() -> None:
    """Sorted keys, no spaces, UTF-8, numbers as JavaScript writes them; the signature itself left out."""
    written = canonical({"b": [1.0, 1e-06, 0.0006], "a": {"ü": "\n", "x": None}, "signature": "…"})

    assert written == '{"a":{"x":null,"ü":"\\n"},"b":[1,0.000001,0.0006]}'.encode()


@given(payloads, st.text(min_size=1, max_size=20), st.text(min_size=1, max_size=20))
def test_signatures_depend_on_payload_and_secret(payload: dict[str, Any], secret: str, other: str) -> None:
    """The signature is HMAC-SHA256 in hex; another secret or another payload gives another one."""
    made = signature(payload, secret)

    assert made == hmac.new(secret.encode(), canonical(payload), hashlib.sha256).hexdigest()
    # HMAC pads a key with zeros: two secrets are one where they differ in zeros at their end.
    assert (made == signature(payload, other)) == (secret.rstrip("\0") == other.rstrip("\0"))
    assert made != signature({**payload, "event": "forged", "more": 1}, secret)


@given(st.text(min_size=1, max_size=30).filter(lambda secret: not secret.startswith("whsec_")))
def test_a_free_secret_in_the_librarys_form(secret: str) -> None:
    """The standard key of a free-form secret is the base64 of its UTF-8, as documented."""
    now = datetime.now(UTC)
    ours, theirs = standard(secret), Webhook(base64.b64encode(secret.encode()).decode())

    assert ours.sign("msg_1", now, "{}") == theirs.sign("msg_1", now, "{}")


@pytest.mark.parametrize(
    "secret", ["s" * 24, "whsec_" + base64.b64encode(bytes(range(24))).decode(), "geheimes Wort für uns ü", "x" * 256]
)
def test_secrets_that_are_taken(secret: str) -> None:
    """Text of 24 bytes, or as many in the library's own form, signs."""
    check_secret(secret)

    assert standard(secret).sign("msg_1", datetime.now(UTC), "{}").startswith("v1,")


@pytest.mark.parametrize(
    "secret",
    ["", "s", "s" * 23, "x" * 257, "whsec_", "whsec_YQ", "whsec_!!", "whsec_ü", "\ud800" * 24, "whsec_" + "A" * 28],
)
def test_secrets_that_are_refused(secret: str) -> None:
    """A short, endless or unreadable secret is an error of the field `webhook_secret`, which does not repeat it."""
    with pytest.raises(ValidationError) as refused:
        check_secret(secret)

    assert refused.value.details == {"field": "webhook_secret"}


async def test_what_arrives() -> None:
    """A delivered message has the payload, verifies in both ways, and fails to verify when one byte is changed."""
    async with Receiver() as receiver:
        attempt = await sent(receiver.url, PAYLOAD, "hush")

    message = receiver.messages[0]
    payload = Webhook(base64.b64encode(b"hush").decode()).verify(message.body, message.headers)
    assert (attempt.status, attempt.reason, attempt.final) == (204, None, True)
    assert payload["results"] == [{"cost_usd": 1e-06, "error": "ü?"}]
    assert payload["signature"] == signature(PAYLOAD, "hush")
    assert message.headers["webhook-id"] == "msg_1"
    assert message.headers["content-type"] == "application/json"
    with pytest.raises(WebhookVerificationError):
        Webhook(base64.b64encode(b"hush").decode()).verify(message.body.replace(b"0", b"1"), message.headers)


async def test_without_a_secret() -> None:
    """Without a secret nothing is signed: the payload's signature is null, and there is no signature header."""
    async with Receiver() as receiver:
        await sent(receiver.url, PAYLOAD, None)

    assert json.loads(receiver.messages[0].body)["signature"] is None
    assert "webhook-signature" not in receiver.messages[0].headers


async def endless(writer: asyncio.StreamWriter) -> None:
    """A good status, and a body without end, as fast as it is read."""
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(bytes(4096))
        await writer.drain()


async def dripping(writer: asyncio.StreamWriter) -> None:
    """A good status, and a byte now and then."""
    writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)
        skip(TIMED.total_s / 8)


async def silent(writer: asyncio.StreamWriter) -> None:
    """Nothing at all."""
    skip(TIMED.total_s)
    await asyncio.Event().wait()


@pytest.mark.parametrize(
    ("answer", "status", "reason", "final"),
    [
        (reply(b"ok"), 200, None, True),
        (reply(b"", status="299 Fine"), 299, None, True),
        (reply(bytes(ANSWER_BYTES)), 200, None, True),
        (reply(b"", status="500 Oh"), 500, "It answered with status 500", False),
        (reply(b"", status="404 No"), 404, "It answered with status 404", False),
        (reply(b"", status="410 Gone"), 410, "is not tried again", True),
        (reply(b"", "Location: http://127.0.0.1:1/", status="302 Found"), 302, "redirect", False),
        (reply(b"", "Location: http://10.0.0.1/", status="308 Moved"), 308, "redirect", False),
        (reply(b"", status="304 Same"), 304, "redirect", False),
        (reply(bytes(ANSWER_BYTES + 1)), 200, "longer than 64 KiB", False),
        (endless, 200, "longer than 64 KiB", False),
        (dripping, 200, "longer than 60 s", False),
        (silent, None, "longer than 60 s", False),
        (reply(b"short", length=500), 200, "closed the connection early", False),
        (b"SMTP ready\r\n\r\n", None, "did not answer in HTTP", False),
        (b"HTTP/1.1 200 OK\r\n" + b"X-Much: " + bytes(200_000), None, "did not answer in HTTP", False),
        (b"", None, "closed the connection early", False),
    ],
)
async def test_receivers(answer: Answer, status: int | None, reason: str | None, final: bool) -> None:
    """Only a whole answer of 2xx, in time and bounded, is a delivery; 410 ends it; all else is tried again."""
    async with Receiver(answer) as receiver:
        attempt = await sent(receiver.url, PAYLOAD, "hush", TIMED)

    assert attempt.status == status
    assert reason in attempt.reason if reason and attempt.reason else attempt.reason == reason
    assert attempt.final == final
    assert len(receiver.messages) == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("http://127.0.0.1:9/", "no public address"),
        ("http://localhost/hook", "no public address"),
        ("http://10.1.2.3/hook", "no public address"),
        ("http://[::1]/hook", "no public address"),
        ("http://169.254.169.254/latest/meta-data", "no public address"),
        ("http://does-not-exist.invalid/", "no public address"),
    ],
)
async def test_private_receivers(url: str, reason: str) -> None:
    """An address that leads inside is not connected to; why is said without telling whether somebody is there."""
    attempt = await sent(url, PAYLOAD, spec=WebhookSpec())

    assert attempt.status is None
    assert reason in attempt.reason
    assert not attempt.final


async def test_nobody_listens() -> None:
    """A receiver that is down is a failed attempt with its reason."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        attempt = await sent(f"http://127.0.0.1:{taken.getsockname()[1]}/", PAYLOAD)

    assert (attempt.status, attempt.reason) == (None, "No connection to its host could be made")


@contextmanager
def example(secret: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The documentation's receiver, running."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "WEBHOOK_SECRET": secret}
    command = [sys.executable, str(EXAMPLE), str(port)]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as run:
        try:
            yield f"http://127.0.0.1:{port}/", run
        finally:
            run.terminate()


@pytest.mark.parametrize("secret", ["hush ü", "whsec_" + base64.b64encode(b"k" * 24).decode()])
async def test_the_documented_receiver(secret: str) -> None:
    """The receiver of the docs takes what is signed by its secret, once, and refuses what is signed by another."""
    with example(secret) as (url, process):
        attempt = await sent(url, PAYLOAD, secret)
        while attempt.status is None:  # it starts
            assert process.poll() is None
            await asyncio.sleep(0.05)
            attempt = await sent(url, PAYLOAD, secret)
        again = await sent(url, PAYLOAD, secret)
        forged = await sent(url, PAYLOAD, "another secret")
        process.terminate()
        printed = process.stdout.read() if process.stdout else ""

    assert (attempt.status, again.status, forged.status) == (204, 204, 400)
    assert printed.splitlines() == ['{"event": "job_completed", "job_id": "a"}']
