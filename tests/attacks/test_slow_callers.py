"""Callers who send, read or go away slowly: nobody else waits for them."""

import asyncio
import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from cutout.errors import ServiceUnavailable, ValidationError
from cutout.picks.job_record import JobRecord
from serve_app.middleware import rate_limit
from serve_app.middleware.transfers import GRACE_S, Sending, Transfers, whole
from serve_app.telemetry.requests import RequestMetrics
from tests.support.http_server import asking, served
from tests.support.limited_service import Clock, Jobs, NearLimiter, error
from tests.support.patience import HANG_S, skip

pytestmark = pytest.mark.anyio
IMAGE: dict[str, Any] = {"content": b"picture"}
HEAD = "POST /remove-background HTTP/1.1\r\nHost: here\r\nContent-Length: 1000000\r\n\r\n"


@pytest.mark.parametrize("uploads", [4, 32])
async def test_uploads_that_never_end_take_no_slot(uploads: int) -> None:
    """As many of them as there are slots, of a caller's or of a replica's: the next job is taken, and ends."""
    jobs, limiter = Jobs(), NearLimiter(Clock())
    jobs.go.set()
    async with served(jobs.service(limiter, concurrency=32)) as url:
        callers = [await _half_sent(url) for _ in range(uploads)]
        async with asking(url) as http:
            # A replica has begun to read each of them when it has answered what came after it.
            assert (await http.get("/health")).status_code == 200
            answer = await http.post("/remove-background", **IMAGE)
        slots_left = await limiter.slots_left()
        for caller in callers:
            caller.close()
    print(f"{uploads} uploads: {slots_left} of 4 slots left")
    assert (answer.status_code, slots_left) == (200, 4)


async def test_a_body_has_a_least_rate() -> None:
    """One that stands still ends in the contract's error; one that goes on, in small parts, comes in as it was sent."""
    uploads = Transfers()
    parts = [bytes(1024)] * 50

    async def still() -> Message:
        await asyncio.sleep(3600)
        raise AssertionError

    async def going() -> Message:
        await asyncio.sleep(0)
        return {"type": "http.request", "body": parts.pop(), "more_body": bool(parts)}

    slow = asyncio.create_task(whole(still, uploads, 100_000))
    await asyncio.sleep(0)
    skip(GRACE_S)
    with pytest.raises(ValidationError, match="arrived too slowly"):
        await slow
    body = await _read(await whole(going, uploads, 100_000))

    assert body == bytes(50 * 1024)
    assert uploads.held == 0


async def test_what_is_too_large_is_left_to_come() -> None:
    """No more than the limit, and one part, is in memory before the app refuses it."""
    parts = iter([bytes(1000)] * 9 + [b""])

    async def coming() -> Message:
        part = next(parts)
        return {"type": "http.request", "body": part, "more_body": bool(part)}

    receive = await whole(coming, Transfers(), 2500)
    assert len(list(parts)) == 7
    parts = iter([b"rest", b""])
    assert await _read(receive) == bytes(3000) + b"rest"


async def test_the_rest_of_a_body_has_a_least_rate_too() -> None:
    """What comes once the app reads: one that stands still ends; after the last part, the wait has no end."""
    parts = iter([bytes(2000), bytes(1000)])
    receive = await whole(_coming(parts), Transfers(), 2500)
    last = await whole(_coming(iter([b"all"]), more=False), Transfers(), 2500)
    for _ in range(2):
        await receive()
    await last()

    slow, over = asyncio.create_task(_read_on(receive)), asyncio.create_task(_read_on(last))
    await asyncio.sleep(0)
    skip(GRACE_S)
    with pytest.raises(ValidationError, match="arrived too slowly"):
        await slow
    assert not over.done()
    over.cancel()


def _coming(parts: Iterator[bytes], *, more: bool = True) -> Receive:
    async def coming() -> Message:
        for part in parts:
            return {"type": "http.request", "body": part, "more_body": more}
        return await asyncio.Event().wait()  # type: ignore[return-value] # it never comes

    return coming


async def _read_on(receive: Receive) -> Message:
    return await receive()


async def test_memory_of_bodies_is_bounded() -> None:
    """Where many are on their way, the slowest gives way, and those that are faster come in."""
    uploads, slow_has_begun = Transfers(max_held_bytes=10_000), asyncio.Event()
    parts = [bytes(3000)] * 3

    async def trickling() -> Message:
        if slow_has_begun.is_set():
            await asyncio.sleep(3600)
        slow_has_begun.set()
        return {"type": "http.request", "body": bytes(2000), "more_body": True}

    async def brisk() -> Message:
        return {"type": "http.request", "body": parts.pop(), "more_body": bool(parts)}

    slow = asyncio.create_task(whole(trickling, uploads, 100_000))
    await slow_has_begun.wait()
    skip(1)
    body = await _read(await whole(brisk, uploads, 100_000))

    with pytest.raises(ServiceUnavailable, match="slowest"):
        await slow
    assert len(body) == 9000


async def test_slow_readers_keep_no_slot_and_are_ended() -> None:
    """Four answers of 8 MB that nobody reads: slots are free at once, and each connection ends."""
    size, ended, jobs, limiter = 8_000_000, asyncio.Semaphore(0), Jobs(), NearLimiter(Clock())

    async def answers(scope: Scope, receive: Receive, send: Send) -> None:
        await Response(bytes(size))(scope, receive, send)

    downloads = Transfers()
    service = jobs.service(limiter, concurrency=4, app=Sending(answers, downloads))

    async def watched(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await service(scope, receive, send)
        finally:
            ended.release()

    async with served(watched) as url:
        readers = [await _asking(url) for _ in range(4)]
        async with asyncio.timeout(HANG_S):
            for _ in readers:
                await limiter.ended.acquire()
            slots_left, held = await limiter.slots_left(), downloads.held
        while downloads.held:  # whoever is between two chunks has the time of his bytes
            skip(GRACE_S)
            await asyncio.sleep(0.01)
        for _ in readers:
            await ended.acquire()
        async with asking(url) as http:
            whole_answer = await http.post("/remove-background", **IMAGE)
        for reader in readers:
            reader.close()
    print(f"4 slow readers: {slots_left} of 4 slots left, {held} bytes held, then {downloads.held}")
    assert slots_left == 4
    assert downloads.held == 0
    assert len(whole_answer.content) == size


async def test_a_service_that_ends_takes_no_more_jobs() -> None:
    """While it waits for those in hand, another is told to come again; what is no job is answered."""
    request_metrics, jobs = RequestMetrics(), Jobs()
    transport = httpx.ASGITransport(app=jobs.service(NearLimiter(Clock()), request_metrics=request_metrics))
    async with httpx.AsyncClient(transport=transport, base_url="http://cutout") as http:
        in_hand = asyncio.create_task(http.post("/remove-background", **IMAGE))
        await jobs.working.acquire()
        request_metrics.draining = True
        refused = await http.post("/remove-background", **IMAGE)
        health = await http.get("/health")
        jobs.go.set()
        answer = await in_hand

    assert "is shutting down" in error(refused, 503, "service_unavailable").message
    assert int(refused.headers["Retry-After"]) >= 1
    assert (health.status_code, answer.status_code) == (200, 200)


class Busy(NearLimiter):
    """A limiter on a busy machine: the first questions about an end come to nothing."""

    deaf = 2

    async def end(self, slot_id: str, job: JobRecord | None = None) -> None:
        if self.deaf:
            self.deaf -= 1
            await asyncio.sleep(3600)
        await super().end(slot_id, job)


async def test_who_hangs_up_on_a_busy_machine_leaves_his_slot(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot that could not be given back at once is given back later, not after its lease."""
    monkeypatch.setattr(rate_limit, "END_S", 0.05)
    monkeypatch.setattr(rate_limit, "END_AGAIN_S", (0.01, 0.01, 0.01))
    limiter, jobs = Busy(Clock()), Jobs()
    transport = httpx.ASGITransport(app=jobs.service(limiter))
    async with httpx.AsyncClient(transport=transport, base_url="http://cutout") as http:
        hung_up = [asyncio.create_task(http.post("/remove-background", **IMAGE)) for _ in range(4)]
        for _ in hung_up:
            await jobs.working.acquire()
        for one in hung_up:
            one.cancel()
        await asyncio.wait(hung_up)
        async with asyncio.timeout(HANG_S):
            for _ in hung_up:
                await limiter.ended.acquire()

    assert await limiter.slots_left() == 4


async def _half_sent(url: str) -> asyncio.StreamWriter:
    """A connection on which a body has begun."""
    _, writer = await asyncio.open_connection("127.0.0.1", urlsplit(url).port)
    writer.write(HEAD.encode() + bytes(100))
    await writer.drain()
    return writer


async def _asking(url: str) -> socket.socket:
    """A connection that asks and reads nothing, with a small buffer."""
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.setblocking(False)
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, ("127.0.0.1", urlsplit(url).port))
    await loop.sock_sendall(connection, b"POST /remove-background HTTP/1.1\r\nHost: here\r\nContent-Length: 0\r\n\r\n")
    return connection


async def _read(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body, more = body + message["body"], message["more_body"]
    return body
