"""What every call to a provider shares: breaker, health, key, connections, and what a cancelled call costs."""

import asyncio
import logging
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cutout.errors import ModelError, ModelUnavailable, ProviderError
from cutout.telemetry.metrics import NO_INSTRUMENTS
from deployments.backends import load_backend
from deployments.backends.base import Resources
from deployments.backends.remote.backend import RemoteBackend
from deployments.backends.remote.bill import Bill
from deployments.backends.remote.call_meter import CallMeter
from deployments.backends.remote.options import CallsForm
from deployments.backends.remote.parcel import pack
from deployments.backends.remote.provider import IDLE_S, USER_AGENT, Provider
from tests.providers.runware import FakeRunware
from tests.providers.serving import Served
from tests.support.patience import HANG_S, skip, when
from tests.support.remote_backends import (
    KEYS,
    QUICK,
    opened,
    picture,
    served_http_api,
    served_kie,
    served_runware,
    spec,
)

pytestmark = pytest.mark.anyio


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key is set."""
    for variable, key in KEYS.items():
        monkeypatch.setenv(variable, key)


@pytest.fixture
def runware() -> Iterator[tuple[FakeRunware, dict[str, Any]]]:
    """A fake Runware, and the options that lead to it."""
    with served_runware() as both:
        yield both


class Clock:
    """The clock by which a breaker rests, moved on by the test."""

    ahead_s = 0.0

    perf_counter = staticmethod(time.perf_counter)

    def time(self) -> float:
        return time.time() + self.ahead_s


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The breaker's clock."""
    clock = Clock()
    for user in ("circuitbreaker", "retries"):
        monkeypatch.setattr(f"fluxgate.{user}.time", clock)
    return clock


def nobody() -> str:
    """An address of this machine at which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    return f"http://127.0.0.1:{port}"


async def failed(backend: RemoteBackend[Any], error: type[ModelError] = ProviderError) -> str:
    """The sentence of a picture that fails."""
    with pytest.raises(error) as caught:
        await backend.remove(picture())
    return caught.value.message


async def test_the_breaker_leaves_a_broken_provider_alone(
    runware: tuple[FakeRunware, dict[str, Any]], clock: Clock
) -> None:
    """After three failed pictures no call is made, which is said; and one good picture later all is well again."""
    fake, address = runware
    fake.script.once("task", "broken", "broken", "broken")
    async with opened("runware", **address) as backend:
        for _ in range(3):
            await failed(backend)
        assert backend.health == "unreachable"
        sentence = "A Model failed 3 times in a row and rests; it is tried again within 300s"
        assert await failed(backend, ModelUnavailable) == sentence
        assert len(fake.script.calls) == 3

        clock.ahead_s += QUICK["rest_s"]
        await backend.remove(picture())

        assert (backend.health, len(fake.script.calls)) == ("connected", 4)


async def test_one_picture_alone_tries_a_provider_that_rested(
    runware: tuple[FakeRunware, dict[str, Any]], clock: Clock
) -> None:
    """Of five pictures after the rest one is sent; when it fails, the four that waited for it are not."""
    fake, address = runware
    fake.script.always("task", "broken")
    async with opened("runware", **address) as backend:
        for _ in range(3):
            await failed(backend)
        clock.ahead_s += QUICK["rest_s"]
        outcomes = await asyncio.gather(*(backend.remove(picture()) for _ in range(5)), return_exceptions=True)

    assert len(fake.script.calls) == 4
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["ModelUnavailable"] * 4 + ["ProviderError"]


async def test_a_hanging_provider_opens_the_breaker(runware: tuple[FakeRunware, dict[str, Any]]) -> None:
    """Pictures that run into the model's timeout count as failures of the provider."""
    fake, address = runware
    fake.script.always("task", "hang")
    async with opened("runware", **address) as backend:
        stuck = [asyncio.create_task(backend.remove(picture())) for _ in range(3)]
        await when(lambda: len(fake.script.calls) == 3)
        skip(HANG_S)
        await asyncio.wait(stuck)

        assert backend.health == "unreachable"


async def test_pictures_that_are_refused_do_not_open_the_breaker(runware: tuple[FakeRunware, dict[str, Any]]) -> None:
    """A provider that answers what is wrong with a picture works."""
    fake, address = runware
    fake.script.always("task", "bad_request")
    async with opened("runware", **address) as backend:
        for _ in range(5):
            assert "answered 400" in await failed(backend)

        assert (backend.health, len(fake.script.calls)) == ("connected", 5)


@pytest.mark.parametrize(
    ("behaviour", "word"),
    [("good", "connected"), ("no_credit", "degraded"), ("busy", "degraded"), ("broken", "degraded")],
)
async def test_health_is_what_the_last_call_showed(
    behaviour: str, word: str, runware: tuple[FakeRunware, dict[str, Any]]
) -> None:
    """Before any call a provider is available; afterwards its health follows from what came back."""
    fake, address = runware
    fake.script.always("task", behaviour)
    async with opened("runware", **address) as backend:
        words = [backend.health]
        await asyncio.gather(backend.remove(picture()), return_exceptions=True)
        words.append(backend.health)

    assert words == ["available", word]


async def test_a_provider_that_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """No connection is tried again, then said; it costs nothing, and the word for it is unreachable."""
    async with opened("runware", base_url=nobody(), model="runware:112@10") as backend:
        with pytest.raises(ModelUnavailable, match=r"^A Model could not be reached$") as caught:
            await backend.remove(picture())
        assert (backend.health, caught.value.details["cost_usd"]) == ("unreachable", 0)


@pytest.mark.parametrize(
    ("value", "reason"),
    [("", "RUNWARE_API_KEY is not set"), (" ", "RUNWARE_API_KEY is not set"),
     ("ä-key", "RUNWARE_API_KEY does not hold a key"), ("two keys", "RUNWARE_API_KEY does not hold a key")],
)  # fmt: skip
async def test_a_model_without_a_key_is_unavailable(value: str, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable is named, its value never; health says unconfigured."""
    monkeypatch.setenv("RUNWARE_API_KEY", value)
    backend = load_backend(spec("runware", model="runware:112@10"), Resources())
    with pytest.raises(ModelUnavailable, match=reason) as caught:
        backend.open()

    assert value.strip() == "" or value not in caught.value.message
    assert backend.health == "unconfigured"


async def test_a_caller_who_hangs_up_is_charged_what_was_sent(runware: tuple[FakeRunware, dict[str, Any]]) -> None:
    """A picture that was sent to the provider is owed, though nobody waits for it."""
    fake, address = runware
    fake.script.always("task", "hang")
    bill = Bill(0.0007)
    async with opened("runware", **address) as backend:
        work = asyncio.create_task(backend.exchange(pack(picture(), backend.options.limits), bill))
        while not fake.script.calls:
            await asyncio.sleep(0.005)
        work.cancel()
        await asyncio.wait([work])

        assert work.cancelled()
        assert bill.cost_usd == 0.0007


async def test_a_caller_who_hangs_up_before_anything_paid_is_charged_nothing() -> None:
    """While the picture is still being uploaded for free, hanging up costs nothing."""
    with served_kie() as (fake, address):
        fake.script.always("upload", "hang")
        bill = Bill(0.006)
        async with opened("kie", **address) as backend:
            work = asyncio.create_task(backend.exchange(pack(picture(), backend.options.limits), bill))
            while not fake.script.calls:
                await asyncio.sleep(0.005)
            work.cancel()
            await asyncio.wait([work])

            assert bill.cost_usd == 0


async def test_connections_are_kept(runware: tuple[FakeRunware, dict[str, Any]]) -> None:
    """Pictures one after the other go over one connection, under our own name."""
    fake, address = runware
    async with opened("runware", **address) as backend:
        for _ in range(4):
            await backend.remove(picture())

    assert len({call.port for call in fake.script.calls}) == 1
    assert {call.user_agent for call in fake.script.calls} == {USER_AGENT}


async def test_the_key_follows_no_redirect() -> None:
    """A provider that points elsewhere is not followed: the key would go along."""
    with served_http_api() as (fake, address), served_http_api() as (other, elsewhere):
        fake.script.always("picture", elsewhere["url"])
        async with opened("http_api", **address) as backend:
            assert "answered 307" in await failed(backend)

    assert (len(fake.script.calls), other.script.calls) == (1, [])


@pytest.mark.parametrize("behaviour", ["good", "busy good", "echo_key", "no_permission", "truncated", "dropped"])
async def test_the_key_is_told_to_nobody(
    behaviour: str, runware: tuple[FakeRunware, dict[str, Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """Neither logs of any level, nor errors down to their causes, nor what can be printed of a backend has the key."""
    caplog.set_level(logging.DEBUG)
    key = KEYS["RUNWARE_API_KEY"]
    fake, address = runware
    fake.script.once("task", *behaviour.split())
    async with opened("runware", **address) as backend:
        outcome, *_ = await asyncio.gather(backend.remove(picture()), return_exceptions=True)
        told = [repr(outcome), repr(backend), repr(backend.report()), repr(backend.spec), repr(backend.provider)]
    while isinstance(outcome, BaseException):
        told += [str(outcome), repr(outcome.args)]
        outcome = outcome.__cause__  # type: ignore[assignment]
    told += [str(vars(record)) for record in caplog.records]

    assert fake.script.calls[0].has_key
    assert not [line for line in told if key in line]


async def test_an_endless_reply_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A reply beyond the largest that is read is given up."""
    monkeypatch.setattr("deployments.backends.remote.provider.REPLY_BYTES", 1000)
    with served_runware() as (_, address):
        async with opened("runware", **address) as backend:
            assert "at most 1000 bytes were expected" in await failed(backend)


async def test_models_fail_alone() -> None:
    """A provider that is down takes no time and no picture from another one."""
    with served_runware() as (_, good), served_http_api() as (bad_fake, bad):
        bad_fake.script.always("picture", "hang")
        async with opened("runware", **good) as works, opened("http_api", **bad) as hangs:
            stuck = [asyncio.create_task(hangs.remove(picture())) for _ in range(8)]
            mattes = await asyncio.gather(*(works.remove(picture()) for _ in range(4)))
            assert not any(task.done() for task in stuck)
            for task in stuck:
                task.cancel()
            await asyncio.wait(stuck)

    assert len(mattes) == 4


async def test_retries_wait_as_long_as_they_are_told() -> None:
    """The second call comes no sooner than the provider's Retry-After says."""
    with served_http_api() as (fake, address):
        fake.script.once("picture", "busy_1")
        async with opened("http_api", **address) as backend:
            await backend.remove(picture())
        first, second = fake.script.calls

    assert second.at_s - first.at_s >= 1


async def test_a_paid_call_takes_no_connection_that_may_be_closing() -> None:
    """A server closes an idle connection just as a call is sent: a call after IDLE_S is not sent there."""

    async def one_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwell")
        await reader.read(1)  # the next call, or the end
        writer.close()

    meter = CallMeter(NO_INSTRUMENTS, "somebody", "a_model")
    provider = Provider("A Model", "key", CallsForm.model_validate(QUICK), 5, meter)
    async with await asyncio.start_server(one_answer, "127.0.0.1", 0) as server:
        url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        assert await provider.send("POST", url, lambda reply: reply.body, Bill(1.0)) == b"well"
        await asyncio.sleep(IDLE_S)
        assert await provider.send("POST", url, lambda reply: reply.body, Bill(1.0)) == b"well"
        await provider.close()


async def test_a_free_call_is_repeated_after_a_lost_answer() -> None:
    """What costs nothing is sent again even when its answer broke off."""
    answers = iter([b"", b"well"])

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"4")]})
        await send({"type": "http.response.body", "body": next(answers)})

    meter = CallMeter(NO_INSTRUMENTS, "somebody", "a_model")
    provider = Provider("A Model", "key", CallsForm.model_validate(QUICK), 5, meter)
    with Served(app) as server:
        assert await provider.send("GET", server.url, lambda reply: reply.body) == b"well"
        await provider.close()
