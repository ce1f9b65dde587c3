"""Calls to a provider: one pooled client, retries where they are safe, a circuit breaker, and error translation.

- A paid call is repeated only after a failure that certainly did no work: no connection, 429, 503. Any other call is
  repeated after every transient failure.
- The circuit breaker counts pictures, not calls: after `failures` failed ones in a row none is sent for `rest_s`
  seconds; then one is sent as a trial, and the others wait for its outcome. Each replica has its own breaker, and
  finds out by itself that a provider is down.
- Exceptions of httpx, pydantic and the readers of responses are translated to those of cutout/errors.py in `work`, and
  nowhere else.
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
from fetching.guard import known_certificates

T = TypeVar("T")
USER_AGENT = f"cutout-shotgun/{version('cutout-shotgun')}"
"""Always sent: edge networks refuse clients without one."""
BUSY, UNAVAILABLE, MAINTENANCE = 429, 503, 455
NO_WORK = frozenset({BUSY, UNAVAILABLE})
"""Refusals before any work: the only ones after which a paid call is repeated."""
PASSING = frozenset({408, 500, 502, 504}) | NO_WORK
"""Transient refusals: the next attempt may succeed."""
DOWN = (PASSING | {MAINTENANCE}) - {BUSY}
"""Refusals that the circuit breaker counts; refusing a picture shows that the provider works."""
ACCOUNT = frozenset({401, 402, 403, 433})
"""Refusals of the key or for lack of funds."""
SHARE_OF_TIMEOUT = 0.95
"""Share of a model's timeout for its provider, so that its error and cost arrive before the fan-out stops waiting."""
RECENT_S = 600.0
"""How long the outcome of a call determines the provider's health, in seconds."""
REPLY_BYTES = 256 * 1024 * 1024
"""Largest response; a cutout of 100 megapixels in base64 fits."""
IDLE_S = 2.0
"""How long an idle connection is used again, in seconds. Servers close one after 5 s (uvicorn, Apache, Node) or more; a
paid call that is sent while its connection is being closed is lost, and cannot be repeated."""
REASON_CHARS = 300
"""Most characters of a provider's own message that are passed on."""


class Provider:
    """The client of one provider, for one model in one replica.

    Results are downloaded from public hosts and from `hosts` only: see fetching/guard.py.
    """

    def __init__(
        self, name: str, key: str, calls: CallsForm, timeout_s: float, meter: CallMeter, *, hosts: Sequence[str] = ()
    ) -> None:
        """`timeout_s` is the model's; a picture's calls must end within SHARE_OF_TIMEOUT of it."""
        self._name, self._key, self._calls = name, key, calls
        self._meter = meter
        self._timeout_s, self._budget_s = timeout_s, timeout_s * SHARE_OF_TIMEOUT
        self._seen: tuple[str, float] = ("available", time.monotonic())
        self._client = httpx.AsyncClient(
            headers={"User-Agent": USER_AGENT},
            verify=known_certificates(),
            timeout=httpx.Timeout(self._budget_s, connect=calls.connect_s),
            limits=httpx.Limits(max_connections=64, max_keepalive_connections=16, keepalive_expiry=IDLE_S),
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
        """`available` (no recent call), `connected`, `degraded` or `unreachable`, by the outcome of recent calls."""
        state = self._breaker.info().state
        if state in ("open", "half_open"):
            return "unreachable" if state == "open" else "degraded"
        word, at = self._seen
        return word if time.monotonic() - at < RECENT_S else "available"

    async def work(self, exchange: Callable[[], Awaitable[T]]) -> T:
        """The result of a picture's exchange, within the provider's share of the timeout.

        Raises:
            ModelError: for any failure; the message is public.
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
        """One call, repeated where that is safe; returns what `read` makes of the response.

        A call with a `bill` costs money: its price is owed as soon as it has been sent, and cleared by a refusal.
        `content` is for httpx: `headers`, `content`, `files`, `data`, `params`. Redirects are not followed. `read` runs
        in a thread.
        """
        again = partial(self._again, paid=bill is not None)
        return await self._retry(again, self._once, method, url, read, bill, content)

    async def download(self, url: str) -> bytes:
        """Download a file from a URL in a response: free, without the key, and by the rules of `image_url`."""
        return await self._retry(partial(self._again, paid=False), self._downloaded, url)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
        await self._fetcher.close()

    def bearer(self) -> dict[str, str]:
        """The header in which most providers expect the key."""
        return self.key_header("Authorization", "Bearer ")

    def key_header(self, name: str, prefix: str = "") -> dict[str, str]:
        """A header that contains the key."""
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
        """What `read` makes of a response. The key is masked first, since a response may repeat what was sent."""
        return read(Reply(response.status_code, response.headers, bytes(body.replace(self._key.encode(), b"***"))))

    def _again(self, fault: Exception, paid: bool) -> bool | float:
        """Whether a call is repeated after a failure; a number is the wait in seconds that the provider requested."""
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
        jitter_s = uniform(0, self._calls.wait_s)  # noqa: S311 - jitter, not security
        return wait_s <= self._calls.longest_wait_s and wait_s + jitter_s

    def _public(self, fault: Exception) -> tuple[CutoutError, str]:
        """The public error for a failure, and the provider's health that follows from it."""
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
                return ProviderError(f"{self._name} closed the connection before it answered"), "degraded"
            case _:
                return ProviderError(self._sentence("sent a reply that makes no sense", _oddity(fault))), "degraded"

    def _sentence(self, what: str, why: str) -> str:
        """A public message on one line."""
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
    """What is wrong with a response, without its content."""
    if isinstance(fault, ValidationError):
        found = fault.errors(include_input=False)[0]
        return f"{'.'.join(map(str, found['loc']))} {found['msg']}"
    return str(fault)


def _is_down(fault: Exception) -> bool:
    """Whether the circuit breaker counts a failure."""
    if isinstance(fault, Refused):
        return fault.code in DOWN
    return isinstance(fault, TimeoutError | httpx.TransportError | Unreadable | ValidationError)


def _charges(bill: Bill) -> Callable[[str, dict[str, Any]], Awaitable[None]]:
    """A trace function for httpx that marks the bill as owed once the request has been sent completely."""

    async def watch(event: str, _details: dict[str, Any]) -> None:
        if event == "http11.send_request_body.complete":
            bill.owe()

    return watch
