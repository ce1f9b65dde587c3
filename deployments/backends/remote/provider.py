"""What every call to a provider shares: one pooled client, retries where they are safe, a circuit breaker, one seam.

- A call that costs money is sent again only after a refusal that certainly did no work: no connection, 429, 503. Any
  other call is repeatable, and is sent again after every passing fault.
- The circuit breaker counts pictures, not calls: after `failures` failed ones in a row none is sent for `rest_s`
  seconds; then one tries, the others wait for what it finds. Each replica has its own: a provider that is down is
  found out by each of them with a few pictures, and no store is shared for it.
- What httpx, pydantic and the readers of replies raise becomes an error of cutout/errors.py in `work`, and only there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from importlib.metadata import version
from random import uniform
from typing import Any, TypeVar

import httpx
import stamina
from fluxgate import AsyncCircuitBreaker
from fluxgate.errors import CallNotPermittedError
from fluxgate.listeners.log import LogListener
from fluxgate.permits import All
from fluxgate.retries import Cooldown
from fluxgate.trackers import Custom
from fluxgate.trippers import Closed, FailureStreak, HalfOpened
from pydantic import ValidationError

from cutout.errors import CutoutError, ModelBusy, ModelTimeout, ModelUnavailable, NotFetched, ProviderError
from cutout.service import FetchSpec
from deployments.backends.remote.bill import Bill
from deployments.backends.remote.call_meter import CallMeter
from deployments.backends.remote.options import CallsForm
from deployments.backends.remote.reply import Misleading, Refused, Reply, Unreadable
from fetching.fetch import Fetcher

T = TypeVar("T")
USER_AGENT = f"cutout-shotgun/{version('cutout-shotgun')}"
"""Sent always: edge networks refuse a client that names none."""
BUSY, UNAVAILABLE, MAINTENANCE = 429, 503, 455
NO_WORK = frozenset({BUSY, UNAVAILABLE})
"""Refusals before any work: the only ones after which a paid call is sent again."""
PASSING = frozenset({408, 500, 502, 504}) | NO_WORK
"""Refusals that may be gone at the next try."""
DOWN = (PASSING | {MAINTENANCE}) - {BUSY}
"""Refusals that the circuit breaker counts; one that is the picture's own fault says that the provider works."""
ACCOUNT = frozenset({401, 402, 403, 433})
"""Refusals of the key or of what its account may spend."""
SHARE_OF_TIMEOUT = 0.95
"""Of a model's timeout, so that the error and its cost are on their way before the fan-out stops listening."""
RECENT_S = 600.0
"""How long a call's outcome says something about the provider's health."""
REPLY_BYTES = 256 * 1024 * 1024
"""Largest reply that is read; a cutout of 100 megapixels in base64 fits."""

REASON_CHARS = 300
"""How much of a provider's own words is passed on."""


class Provider:
    """The line to one provider, for one model in one replica.

    What it names lies on a public host, or on one of `hosts`: see fetching/guard.py.
    """

    def __init__(
        self, name: str, key: str, calls: CallsForm, timeout_s: float, meter: CallMeter, *, hosts: Sequence[str] = ()
    ) -> None:
        """`timeout_s` is the model's; the provider has SHARE_OF_TIMEOUT of it for a picture."""
        self._name, self._key, self._calls = name, key, calls
        self._meter = meter
        self._timeout_s, self._budget_s = timeout_s, timeout_s * SHARE_OF_TIMEOUT
        self._seen: tuple[str, float] = ("available", time.monotonic())
        self._client = httpx.AsyncClient(
            headers={"User-Agent": USER_AGENT},
            timeout=httpx.Timeout(self._budget_s, connect=calls.connect_s),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=20.0),
        )
        named = FetchSpec(
            allowed_hosts=tuple(hosts), connect_s=calls.connect_s, read_s=self._budget_s, total_s=self._budget_s
        )
        self._fetcher = Fetcher(named, REPLY_BYTES, field="its result")
        self._retry = stamina.AsyncRetryingCaller(
            attempts=calls.tries, timeout=None, wait_initial=calls.wait_s, wait_max=calls.longest_wait_s,
            wait_jitter=calls.wait_s,
        )  # fmt: skip
        self._breaker = AsyncCircuitBreaker(
            tracker=Custom(_is_down),
            tripper=(Closed() & FailureStreak(calls.failures)) | (HalfOpened() & FailureStreak(1)),
            retry=Cooldown(calls.rest_s),
            permit=All(),
            max_half_open_calls=1,
            listeners=[LogListener(name), meter],
        )

    @property
    def health(self) -> str:
        """`available` (not tried lately), `connected`, `degraded` or `unreachable`: what calls have shown, no more."""
        state = self._breaker.info().state
        if state in ("open", "half_open"):
            return "unreachable" if state == "open" else "degraded"
        word, at = self._seen
        return word if time.monotonic() - at < RECENT_S else "available"

    async def work(self, exchange: Callable[[], Awaitable[T]]) -> T:
        """What a picture's exchange brings back, within the time that the model has.

        Raises:
            ModelError: with one public sentence, whatever went wrong.
        """
        try:
            answer = await self._breaker.call(self._in_time, exchange)
        except CallNotPermittedError as resting:
            sentence = f"{self._name} failed {self._calls.failures} times in a row and rests"
            message = f"{sentence}; it is tried again within {self._calls.rest_s:g}s"
            raise ModelUnavailable(message, {"retry_after_s": self._calls.rest_s}) from resting
        except (Refused, Unreadable, TimeoutError, httpx.HTTPError, httpx.InvalidURL, ValidationError) as fault:
            error, word = self._public(fault)
            self._seen = (word, time.monotonic())
            raise error from fault
        self._seen = ("connected", time.monotonic())
        return answer

    async def send(
        self, method: str, url: str, read: Callable[[Reply], T], bill: Bill | None = None, **content: Any
    ) -> T:
        """One call's answer as `read` understands it, repeated where that is safe.

        A call with a `bill` costs money: it is owed from when it has left, and nothing after a refusal. `content` is
        for httpx: `headers`, `content`, `files`, `data`, `params`. No redirect is followed. `read` runs in a thread.
        """
        again = partial(self._again, paid=bill is not None)
        return await self._retry(again, self._once, method, url, read, bill, content)

    async def download(self, url: str) -> bytes:
        """The file at an address that a reply names: free, without the key, and by the rules of `image_url`."""
        return await self._retry(partial(self._again, paid=False), self._downloaded, url)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        await self._fetcher.close()

    def bearer(self) -> dict[str, str]:
        """The header that most providers want the key in."""
        return self.key_header("Authorization", "Bearer ")

    def key_header(self, name: str, prefix: str = "") -> dict[str, str]:
        """A header with the key in it."""
        return {name: prefix + self._key}

    async def _in_time(self, exchange: Callable[[], Awaitable[T]]) -> T:
        async with asyncio.timeout(self._budget_s):
            return await exchange()

    async def _once(
        self, method: str, url: str, read: Callable[[Reply], T], bill: Bill | None, content: dict[str, Any]
    ) -> T:
        extensions = {"trace": _charges(bill)} if bill else {}
        call = self._client.stream(method, url, extensions=extensions, **content)
        with self._meter.call() as answered:
            async with call as response:
                answered(response.status_code)
                body = await _read(response)
        try:
            return await asyncio.to_thread(self._understood, read, response, body)
        except Refused:
            if bill:
                bill.settle(0.0)
            raise

    async def _downloaded(self, url: str) -> bytes:
        with self._meter.call() as answered:
            try:
                file = await self._fetcher.fetch(url)
            except NotFetched as nothing:
                if nothing.answered is None:
                    raise Unreadable(nothing.message) from nothing
                file, status = None, nothing.answered
            except CutoutError as wrong:
                raise Misleading(wrong.message) from wrong
            answered(status if file is None else 200)
        if file is None:
            raise Refused(status, "the result could not be downloaded")
        return file

    def _understood(self, read: Callable[[Reply], T], response: httpx.Response, body: bytearray) -> T:
        """What `read` makes of a reply. Replies may repeat what was sent: the key is struck out before anyone looks."""
        return read(Reply(response.status_code, response.headers, bytes(body.replace(self._key.encode(), b"***"))))

    def _again(self, fault: Exception, paid: bool) -> bool | float:
        """Whether a call is sent again after a fault; a number is the wait that the provider wants, in seconds."""
        if not isinstance(fault, Refused):
            unsent = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)
            passing = unsent if paid else (httpx.TransportError, Unreadable)
            return isinstance(fault, passing) and not isinstance(fault, Misleading)
        if fault.code not in (NO_WORK if paid else PASSING):
            return False
        wait_s = self._calls.busy_wait_s if fault.code == BUSY else None
        wait_s = wait_s if fault.retry_after_s is None else fault.retry_after_s
        if wait_s is None:
            return True
        jitter_s = uniform(0, self._calls.wait_s)  # noqa: S311 - spreads replicas, hides nothing
        return wait_s <= self._calls.longest_wait_s and wait_s + jitter_s

    def _public(self, fault: Exception) -> tuple[CutoutError, str]:
        """The public error that stands for a fault, and what the fault says of the provider's health."""
        match fault:
            case httpx.ConnectError() | httpx.ConnectTimeout():
                return ModelUnavailable(f"{self._name} could not be reached"), "unreachable"
            case TimeoutError() | httpx.TimeoutException():
                return ModelTimeout(f"API timeout after {self._timeout_s:g}s"), "degraded"
            case Refused(code=code, text=text, retry_after_s=retry_after_s):
                kind = {BUSY: ModelBusy, UNAVAILABLE: ModelUnavailable, MAINTENANCE: ModelUnavailable}
                details = {"retry_after_s": retry_after_s}
                error = kind.get(code, ProviderError)(self._sentence(f"answered {code}", text), details)
                return error, "degraded" if code in PASSING | ACCOUNT | {MAINTENANCE} else "connected"
            case httpx.TransportError():
                return ProviderError(f"{self._name} hung up before it had answered"), "degraded"
            case _:
                return ProviderError(self._sentence("sent a reply that makes no sense", _oddity(fault))), "degraded"

    def _sentence(self, what: str, why: str) -> str:
        """One public line."""
        line = " ".join(why.split())[:REASON_CHARS]
        return f"{self._name} {what}: {line}" if line else f"{self._name} {what}"


async def _read(response: httpx.Response) -> bytearray:
    body = bytearray()
    async for chunk in response.aiter_bytes():
        body += chunk
        if len(body) > REPLY_BYTES:
            raise Unreadable(f"at most {REPLY_BYTES} bytes were expected")
    return body


def _oddity(fault: Exception) -> str:
    """What is wrong with a reply, without the reply itself."""
    if isinstance(fault, ValidationError):
        found = fault.errors(include_input=False)[0]
        return f"{'.'.join(map(str, found['loc']))} {found['msg']}"
    return str(fault)


def _is_down(fault: Exception) -> bool:
    """Whether a fault counts against the provider."""
    if isinstance(fault, Refused):
        return fault.code in DOWN
    return isinstance(fault, TimeoutError | httpx.TransportError | Unreadable | ValidationError)


def _charges(bill: Bill) -> Callable[[str, dict[str, Any]], Awaitable[None]]:
    """Watches a call and marks the bill once the last byte of the request is out (httpx's `trace` extension)."""

    async def watch(event: str, _details: dict[str, Any]) -> None:
        if event == "http11.send_request_body.complete":
            bill.owe()

    return watch
