"""Callers in a thread of their own, and what became of every request."""

import asyncio
import math
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import httpx

from cutout.pixels.cores import give_way
from tests.support.patience import HANG_S

PATIENCE_S = HANG_S
"""How long a request is sent again that was cut off, before it counts as lost."""
PAUSE_S = 0.5
"""Before it is sent again, or after a refusal, where callers are not patient."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One request: a path with its query, and a picture."""

    path: str
    image: bytes
    expects: int = 200
    """The status of a good answer; 400 for what is no picture."""
    good: tuple[str, ...] = ("completed",)
    """What the body of a good answer may say of the job; `partial` where one of several models may be full."""
    hangs_up_s: float | None = None
    """The caller closes the connection after so long, and does not ask again."""


@dataclass(slots=True)
class Tally:
    """What became of the requests. Each is answered, refused or lost; a cut one is sent again, and then answered."""

    sent: int = 0
    refused: int = 0
    """429 or 503, with Retry-After."""
    hung_up: int = 0
    """The callers' own doing."""
    cut_off: int = 0
    """Connections closed before the answer was whole; with a key, also what some proxy answered and not the service."""
    answers: list[tuple[float, float]] = field(default_factory=list)
    """Of each good answer, when its request was sent and when it came, by time.monotonic."""
    lost: list[str] = field(default_factory=list)
    """What was neither answered nor cleanly refused, with the reason."""

    @property
    def answered(self) -> int:
        """Good answers."""
        return len(self.answers)

    def first_good_after(self, moment: float) -> float:
        """Seconds from a moment to the first good answer to a request that was sent after it."""
        return min(came for sent, came in self.answers if sent >= moment) - moment

    def __str__(self) -> str:
        """One line; the same for every fault."""
        reasons = f" ({dict(Counter(self.lost).most_common(3))})" if self.lost else ""
        hung_up = f"hung up on {self.hung_up}, " if self.hung_up else ""
        return (
            f"sent {self.sent}, answered {self.answered}, refused cleanly {self.refused}, {hung_up}"
            f"cut off and sent again {self.cut_off}, lost {len(self.lost)}{reasons}"
        )


class Load:
    """So many callers, each sending without a pause, until the end of the `with` block."""

    def __init__(
        self, address: str, clients: int, shot: Callable[[int], Shot], *, keyed: bool = False, patient: bool = False
    ) -> None:
        """`shot` makes the n-th request; `keyed` gives each an Idempotency-Key, which stays when it is sent again.

        Callers who are `patient` do what Retry-After says; others come again at once, and have an answer sooner.
        """
        self.tally = Tally()
        self._address, self._clients, self._shot = address, clients, shot
        self._keyed, self._patient = keyed, patient
        self._ended = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def wait_answers(self, more: int, within_s: float = HANG_S) -> None:
        """Return after so many more good answers.

        Raises:
            TimeoutError: they did not come.
        """
        wanted, deadline = self.tally.answered + more, time.monotonic() + within_s
        while self.tally.answered < wanted:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{more} more answers expected within {within_s:g} s: {self.tally}")
            time.sleep(0.05)

    async def _run(self) -> None:
        give_way()  # callers have processors of their own, elsewhere
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=self._clients)
        caller = httpx.AsyncClient(base_url=self._address, timeout=HANG_S, limits=limits, trust_env=False)
        async with caller as http, asyncio.TaskGroup() as group:
            for _ in range(self._clients):
                group.create_task(self._caller(http))

    async def _caller(self, http: httpx.AsyncClient) -> None:
        while not self._ended.is_set():
            shot = self._shot(self.tally.sent)
            self.tally.sent += 1
            await self._send(http, shot)

    async def _send(self, http: httpx.AsyncClient, shot: Shot) -> None:
        key = {"Idempotency-Key": uuid.uuid4().hex} if self._keyed else {}
        headers = {"Content-Type": "application/octet-stream"} | key
        timeout = httpx.USE_CLIENT_DEFAULT if shot.hangs_up_s is None else shot.hangs_up_s
        sent, reason = time.monotonic(), ""
        while time.monotonic() < sent + PATIENCE_S:
            try:
                answer = await http.post(shot.path, content=shot.image, headers=headers, timeout=timeout)
                if _is_refusal(answer) or _is_ours(answer) or not self._keyed:
                    await self._book(answer, shot, sent)
                    return
                reason = f"{answer.status_code}: {answer.text[:200]}"
            except httpx.HTTPError as cut:
                if shot.hangs_up_s is not None:
                    self.tally.hung_up += 1
                    return
                reason = type(cut).__name__
            self.tally.cut_off += 1
            await asyncio.sleep(PAUSE_S)
        self.tally.lost.append(reason)

    async def _book(self, answer: httpx.Response, shot: Shot, sent: float) -> None:
        if answer.status_code == shot.expects and (shot.expects != 200 or _body(answer).get("status") in shot.good):
            self.tally.answers.append((sent, time.monotonic()))
        elif _is_refusal(answer):
            self.tally.refused += 1
            await self._pause(float(answer.headers["retry-after"]) if self._patient else PAUSE_S)
        else:
            self.tally.lost.append(f"{answer.status_code}: {answer.text[:200]}")

    async def _pause(self, seconds: float) -> None:
        for _ in range(math.ceil(seconds / PAUSE_S)):
            if not self._ended.is_set():
                await asyncio.sleep(PAUSE_S)


def _body(answer: httpx.Response) -> dict[str, Any]:
    try:
        body = answer.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _is_refusal(answer: httpx.Response) -> bool:
    return answer.status_code in (429, 503) and "retry-after" in answer.headers


def _is_ours(answer: httpx.Response) -> bool:
    return "status" in (body := _body(answer)) or "error" in body
