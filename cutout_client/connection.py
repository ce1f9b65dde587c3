"""Sends requests, and retries them when the service is busy, a replica dies or the connection breaks.

Every request of this client may be repeated: those that start work carry an Idempotency-Key, the others are idempotent.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from functools import cache
from importlib.metadata import version
from typing import Any, TypeVar

import httpx
import tenacity

from cutout.errors import ServiceUnavailable
from cutout_client.access import authorization, service_url, without_password
from cutout_client.refusals import LONGEST_WAIT_S, Refused
from cutout_client.results import parsed

T = TypeVar("T")
CONNECT_S = 5.0
FIRST_WAIT_S = 0.25
BACKOFF = tenacity.wait_exponential_jitter(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S, jitter=FIRST_WAIT_S)
USER_AGENT = f"cutout-client/{version('cutout-shotgun')}"

logger = logging.getLogger(__name__)


class Connection:
    """An HTTP connection pool to one service, with retries."""

    def __init__(self, url: str, api_key: str | None, timeout_s: float, tries: int) -> None:
        """Connect lazily; `timeout_s` is the longest time without a byte, `tries` the most attempts per request.

        Raises:
            ValidationError: `url` is not an http(s) address, or `api_key` cannot be sent.
        """
        self.tries = tries
        address = service_url(url)
        self._shown = without_password(address)
        headers = {"User-Agent": USER_AGENT} | authorization(api_key)
        timeout = httpx.Timeout(timeout_s, connect=CONNECT_S)
        self._http = httpx.AsyncClient(base_url=address, headers=headers, timeout=timeout, verify=_known_certificates())
        self._retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(tries),
            retry=tenacity.retry_if_exception(lambda fault: _again(fault) is not False),
            wait=_wait_s,
            before_sleep=self._say,
            reraise=True,
        )

    async def send(self, method: str, path: str, *, stream: bool = False, **content: Any) -> httpx.Response:
        """Send a request and return the successful response, read completely unless `stream` is set.

        Args:
            method: the HTTP method.
            path: below the service's address, or an absolute URL.
            stream: leave the body to be read by the caller.
            content: further arguments of httpx.AsyncClient.build_request.

        Raises:
            CutoutError: the class that the service's answer names; ServiceUnavailable when it cannot be reached.
        """

        async def once() -> httpx.Response:
            request = self._http.build_request(method, path, **content)
            if request.url.host != self._http.base_url.host:
                request.headers.pop("Authorization", None)  # a result's URL is signed, and may be on another host
            response = await self._http.send(request, stream=stream)
            if response.is_success:
                return response
            await response.aread()
            raise Refused(response)

        try:
            return await self._retrying.copy()(once)
        except Refused as refused:
            raise refused.error from None
        except httpx.TransportError as lost:
            raise self.lost(lost) from lost

    async def ask(self, form: type[T], method: str, path: str, **content: Any) -> T:
        """Send a request as `send` does, and read the JSON of its answer as a value of `form`."""
        response = await self.send(method, path, **content)
        return await asyncio.to_thread(lambda: parsed(form, response.json()))

    def lost(self, fault: httpx.TransportError) -> ServiceUnavailable:
        """The error to raise for a connection that failed or broke."""
        match fault:
            case httpx.ConnectError() | httpx.ConnectTimeout():
                return ServiceUnavailable(f"{self._shown} could not be reached in {self.tries} attempts")
            case httpx.TimeoutException():
                return ServiceUnavailable(f"{self._shown} did not answer in time")
        return ServiceUnavailable(f"{self._shown} closed the connection before it had answered")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    def _say(self, state: tenacity.RetryCallState) -> None:
        following = (state.upcoming_sleep, state.attempt_number + 1, self.tries, _why(_fault(state)))
        logger.warning("%s is asked again in %.1f s, attempt %d of %d: %s", self._shown, *following)


@cache
def _known_certificates() -> ssl.SSLContext:
    """Certifi's list, or that of SSL_CERT_FILE; read once, which takes 20 ms, whatever number of clients there are."""
    return httpx.create_ssl_context()


async def lines(response: httpx.Response) -> AsyncIterator[bytes]:
    """The lines of a streamed response as they arrive, of any length, without empty ones, which are heartbeats."""
    partial = bytearray()
    async for chunk in response.aiter_bytes():
        *whole, rest = chunk.split(b"\n")
        for line in whole:
            partial += line
            if partial:
                yield bytes(partial)
            partial.clear()
        partial += rest


def _fault(state: tenacity.RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _wait_s(state: tenacity.RetryCallState) -> float:
    """What the service asks for, or longer each time."""
    again = _again(_fault(state))
    return BACKOFF(state) if again is True else again


def _why(fault: BaseException | None) -> str:
    if isinstance(fault, Refused):
        return fault.error.message
    return "it could not be reached" if isinstance(fault, httpx.ConnectError | httpx.ConnectTimeout) else "it broke off"


def _again(fault: BaseException | None) -> bool | float:
    """Whether to retry after a fault; a number is the wait in seconds."""
    if isinstance(fault, Refused):
        return fault.again
    return isinstance(fault, httpx.TransportError) and not isinstance(fault, httpx.ReadTimeout)
